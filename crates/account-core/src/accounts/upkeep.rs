//! What must be done now and then, by whoever has a timer: the core has none.

use crate::accounts::Accounts;
use crate::error::Error;
use crate::store::Expired;

/// How many rows one sweep takes away of each kind, at the most.
const BATCH: u32 = 500;

/// What a sweep came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Swept {
    /// How many rows went.
    pub rows: u64,
    /// Whether there may be more.
    pub more: bool,
}

impl Accounts {
    /// Writes the last uses of keys and sessions that were gathered since the last call. Call it
    /// every second or so, and once before stopping.
    ///
    /// # Errors
    /// Those of the store; what was gathered then waits for the next call. Never calling it leaves every
    /// `last_seen_at` where it was: sessions then end after their idle time, used or not.
    pub async fn flush_observations(&self) -> Result<(), Error> {
        let seen = self.inner.observed.drain();
        if !seen.is_empty() {
            let observed = self.inner.store.observe(&seen).await;
            if observed.is_err() {
                self.inner.observed.put_back(seen);
            }
            observed?;
        }
        Ok(())
    }

    /// Takes away what has expired, in a bounded batch. Call it every minute or so, and again at
    /// once while there is [more](Swept::more). Nothing that has expired is honoured before, either.
    ///
    /// # Errors
    /// Those of the store and of the throttle.
    pub async fn sweep(&self) -> Result<Swept, Error> {
        let (now, policy) = (self.inner.clock.now(), &self.inner.policy);
        let lifetimes = &policy.lifetimes;
        let expired = Expired {
            sessions_seen_before: now.minus(policy.sessions.idle),
            sessions_created_before: now.minus(policy.sessions.absolute),
            pending_sign_ins_before: now.minus(lifetimes.pending_sign_in),
            pending_two_factor_before: now.minus(lifetimes.pending_two_factor),
            reset_tokens_before: now.minus(lifetimes.reset_token),
            verification_tokens_before: now.minus(lifetimes.verification_token),
            mail_before: now.minus(lifetimes.mail),
            activity_before: now.minus(lifetimes.activity),
        };
        let rows = self.inner.store.purge(&expired, BATCH).await?;
        let counters = self.inner.throttle.sweep(now, BATCH).await?;
        let more = rows >= u64::from(BATCH) || counters >= u64::from(BATCH);
        Ok(Swept { rows: rows.saturating_add(counters), more })
    }
}
