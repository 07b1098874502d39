//! Faults as a throttle, or a service that uses it, could have them.

use std::sync::Arc;
use std::time::Duration;

use account_core::ports::throttle::{Budget, Throttle, ThrottleKey, Verdict};
use account_core::store::StoreResult;
use account_core::time::Timestamp;
use async_trait::async_trait;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThrottlePlant {
    /// Counts nothing.
    LetsEverythingPass,
    /// Counts under budgets that are larger than asked for.
    CountsTooFew,
    /// A budget that was once used up stays so.
    NeverHeals,
    /// What was right is counted too.
    KeepsWhatIsRight,
    /// What is given back is given back twice.
    GivesBackTwice,
    /// All are counted by one clock that stands still.
    CountsByOneMoment,
}

impl ThrottlePlant {
    pub(crate) const ALL: [Self; 6] = [
        Self::LetsEverythingPass,
        Self::CountsTooFew,
        Self::NeverHeals,
        Self::KeepsWhatIsRight,
        Self::GivesBackTwice,
        Self::CountsByOneMoment,
    ];
}

pub(crate) struct PlantedThrottle {
    pub(crate) inner: Arc<dyn Throttle>,
    pub(crate) plant: ThrottlePlant,
    refused: std::sync::Mutex<Vec<ThrottleKey>>,
}

pub(crate) fn planted(inner: Arc<dyn Throttle>, plant: ThrottlePlant) -> Arc<dyn Throttle> {
    Arc::new(PlantedThrottle { inner, plant, refused: std::sync::Mutex::default() })
}

impl PlantedThrottle {
    fn is_refused(&self, budgets: &[Budget]) -> bool {
        let refused = self.refused.lock().unwrap();
        budgets.iter().any(|budget| refused.contains(&budget.key))
    }
}

#[async_trait]
impl Throttle for PlantedThrottle {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        let wider = |budget: &Budget| Budget { limit: budget.limit.saturating_mul(4), ..*budget };
        match self.plant {
            ThrottlePlant::LetsEverythingPass => Ok(Verdict::Taken),
            ThrottlePlant::CountsTooFew => {
                let wider: Vec<Budget> = budgets.iter().map(wider).collect();
                self.inner.take(&wider, now).await
            }
            ThrottlePlant::CountsByOneMoment => self.inner.take(budgets, Timestamp::from_millis(0)).await,
            ThrottlePlant::NeverHeals if self.is_refused(budgets) => {
                Ok(Verdict::Wait(Duration::from_secs(1)))
            }
            ThrottlePlant::NeverHeals => {
                let verdict = self.inner.take(budgets, now).await?;
                if verdict != Verdict::Taken {
                    self.refused.lock().unwrap().extend(budgets.iter().map(|budget| budget.key));
                }
                Ok(verdict)
            }
            ThrottlePlant::KeepsWhatIsRight | ThrottlePlant::GivesBackTwice => {
                self.inner.take(budgets, now).await
            }
        }
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        match self.plant {
            ThrottlePlant::LetsEverythingPass | ThrottlePlant::KeepsWhatIsRight => Ok(()),
            ThrottlePlant::GivesBackTwice => {
                self.inner.give_back(budgets, now).await?;
                self.inner.give_back(budgets, now).await
            }
            _ => self.inner.give_back(budgets, now).await,
        }
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        self.inner.remember(key, until).await
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        self.inner.remembers(key, now).await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        self.inner.sweep(now, limit).await
    }
}
