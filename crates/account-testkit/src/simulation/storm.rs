//! Bad weather between the services and the store: calls that take their time, that fail before they
//! took effect, and whose answers are lost after they did. All of it determined by the seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use account_core::store::{StoreError, StoreResult};
use async_trait::async_trait;

use super::chronicle::Chronicle;
use crate::SeededEntropy;
use crate::services::{Dice, Watch, Weather};

/// One call in so many fails before it takes effect, and as many after.
const FAULTS: usize = 120;

pub(super) struct Storm {
    pub(super) dice: SeededEntropy,
    pub(super) watch: Arc<Watch>,
    pub(super) chronicle: Arc<Chronicle>,
    pub(super) faults: AtomicU64,
}

impl Storm {
    /// Lets others go first, some times.
    async fn delay(&self, call: &str) {
        let times = (&self.dice).roll(3);
        for _ in 0..times {
            self.chronicle.write(&format!("{call} waits"));
            let mut waited = false;
            std::future::poll_fn(|context| {
                if std::mem::replace(&mut waited, true) {
                    return Poll::Ready(());
                }
                context.waker().wake_by_ref();
                Poll::Pending
            })
            .await;
        }
    }

    fn strikes(&self, call: &str, what: &str) -> bool {
        let strikes = (&self.dice).once_in(FAULTS);
        if strikes {
            self.faults.fetch_add(1, Ordering::Relaxed);
            self.chronicle.write(&format!("{call} {what}"));
            self.watch.hindered();
        }
        strikes
    }
}

#[async_trait]
impl Weather for Storm {
    async fn before(&self, call: &'static str, writes: bool) -> StoreResult<()> {
        self.delay(call).await;
        if self.strikes(call, "fails") {
            return Err(StoreError::Unavailable("a simulated fault".into()));
        }
        // Lost on the way there: who asked cannot tell it from an answer lost on the way back.
        if writes && self.strikes(call, "is lost") {
            return Err(StoreError::OutcomeUnknown("a simulated loss of the connection".into()));
        }
        self.chronicle.write(call);
        Ok(())
    }

    async fn after(&self, call: &'static str, writes: bool) -> StoreResult<()> {
        self.delay(call).await;
        if !self.strikes(call, "loses its answer") {
            return Ok(());
        }
        let cause = "a simulated loss of the answer".into();
        Err(if writes { StoreError::OutcomeUnknown(cause) } else { StoreError::Unavailable(cause) })
    }
}
