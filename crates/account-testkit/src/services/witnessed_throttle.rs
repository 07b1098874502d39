//! A throttle that passes every call on and tells the watch what it answered; the weather may come
//! between, as it does between the services and the store.

use std::sync::Arc;

use account_core::ports::throttle::{Budget, Throttle, ThrottleKey, Verdict};
use account_core::store::StoreResult;
use account_core::time::Timestamp;
use async_trait::async_trait;

use super::watch::Watch;
use super::witness::Weather;

pub(crate) struct WitnessedThrottle {
    pub(crate) inner: Arc<dyn Throttle>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) weather: Arc<dyn Weather>,
}

#[async_trait]
impl Throttle for WitnessedThrottle {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        self.weather.before("take", true).await?;
        let verdict = self.inner.take(budgets, now).await?;
        self.watch.took(budgets, now, verdict);
        self.weather.after("take", true).await?;
        Ok(verdict)
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        self.weather.before("give_back", true).await?;
        self.inner.give_back(budgets, now).await?;
        self.watch.gave_back(budgets, now);
        self.weather.after("give_back", true).await
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        self.weather.before("remember", true).await?;
        self.inner.remember(key, until).await?;
        self.weather.after("remember", true).await
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        self.weather.before("remembers", false).await?;
        let remembers = self.inner.remembers(key, now).await?;
        self.weather.after("remembers", false).await?;
        Ok(remembers)
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        self.weather.before("sweep", true).await?;
        let swept = self.inner.sweep(now, limit).await?;
        self.watch.swept(now);
        self.weather.after("sweep", true).await?;
        Ok(swept)
    }
}
