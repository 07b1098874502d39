//! Bad weather between the services and the store, the throttle and the mailer: calls that take their
//! time, that fail before they took effect, and whose answers are lost after they did; and a source of
//! randomness that runs dry. All of it determined by the seed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;

use account_core::store::{StoreError, StoreResult};
use async_trait::async_trait;

use super::chronicle::Chronicle;
use crate::SeededEntropy;
use crate::services::{Dice, Mailing, Watch, Weather};

/// One call in so many fails before it takes effect, and as many after.
const FAULTS: usize = 120;

/// One mail in so many meets each of the mailer's faults.
const MAIL_FAULTS: usize = 12;

/// One call of the source of randomness in so many fails.
const DROUGHTS: usize = 300;

pub(super) struct Storm {
    pub(super) dice: SeededEntropy,
    pub(super) watch: Arc<Watch>,
    pub(super) chronicle: Arc<Chronicle>,
    pub(super) faults: AtomicU64,
    /// Mails that were not handed on, or unheard.
    pub(super) mail_faults: AtomicU64,
    /// Times when there was no randomness.
    pub(super) droughts: AtomicU64,
    /// The weather is fine: while nodes start, and at the end.
    pub(super) is_over: AtomicBool,
}

impl Storm {
    /// Lets others go first, some times.
    async fn delay(&self, call: &str) {
        if self.is_over.load(Ordering::Relaxed) {
            return;
        }
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
        self.strikes_once_in(FAULTS, &self.faults, call, what)
    }

    fn strikes_once_in(&self, times: usize, counter: &AtomicU64, call: &str, what: &str) -> bool {
        let strikes = !self.is_over.load(Ordering::Relaxed) && (&self.dice).once_in(times);
        if strikes {
            counter.fetch_add(1, Ordering::Relaxed);
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

    async fn mail(&self) -> Mailing {
        self.delay("a mail").await;
        for (mailing, what) in [
            (Mailing::NotNow, "is not taken"),
            (Mailing::HandedOnUnheard, "is taken unheard"),
            (Mailing::Never, "is refused for good"),
        ] {
            if self.strikes_once_in(MAIL_FAULTS, &self.mail_faults, "a mail", what) {
                return mailing;
            }
        }
        Mailing::HandedOn
    }

    fn entropy_fails(&self) -> bool {
        self.strikes_once_in(DROUGHTS, &self.droughts, "randomness", "fails")
    }
}
