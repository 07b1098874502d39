//! Which budgets there are, and how one is reserved around a piece of work.

use std::time::Duration;

use crate::accounts::Accounts;
use crate::accounts::lines::Front;
use crate::error::Error;
use crate::id::Digest;
use crate::ports::keyring::MacPurpose;
use crate::ports::throttle::{Budget, Refill, ThrottleKey, Verdict};
use crate::time::Timestamp;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(86_400);

/// A guess that is reserved, and at the front of its line until its verdict. Dropped, it counts.
#[must_use = "a guess that was none is given back"]
pub(crate) struct Guess {
    /// As they were taken, and when, so they are given back.
    taken: Vec<(Vec<Budget>, Timestamp)>,
    front: Option<Front>,
}

impl Guess {
    /// The same guess, also taken from these.
    pub(crate) fn and(mut self, budgets: Vec<Budget>, at: Timestamp) -> Self {
        self.taken.push((budgets, at));
        self
    }
}

impl Accounts {
    /// A budget's key: its name and what it is about, under a key of the keyring, so that a table of
    /// counters tells nobody's name or address. The oldest key: a rotation must not forget what was
    /// counted, nor whom an owner's networks belong to.
    pub(crate) fn throttle_key(&self, name: &str, about: &[&[u8]]) -> ThrottleKey {
        let mut parts = vec![name.as_bytes()];
        parts.extend_from_slice(about);
        let mac = self.inner.keyring.lasting_mac(MacPurpose::Throttle, &parts);
        ThrottleKey::from_bytes(*Digest::of(mac.as_bytes()).as_bytes())
    }

    pub(crate) fn budget(
        &self,
        name: &str,
        about: &[&[u8]],
        limit: u32,
        per: Duration,
        refill: Refill,
    ) -> Budget {
        Budget { key: self.throttle_key(name, about), limit, per, refill }
    }

    /// Takes one from each budget, durably and on its own, before the work that it pays for.
    pub(crate) async fn reserve(&self, budgets: &[Budget], now: Timestamp) -> Result<Verdict, Error> {
        if !self.inner.policy.throttled {
            return Ok(Verdict::Taken);
        }
        Ok(self.inner.throttle.take(budgets, now).await?)
    }

    /// Reserves a guess before it is looked at, in turn with others of its line; or answers how long to
    /// wait. Guesses that may be right at the same moment, and draw on one small budget, belong in one line.
    pub(crate) async fn reserve_guess(
        &self,
        line: Vec<u8>,
        budgets: Vec<Budget>,
    ) -> Result<Result<Guess, Duration>, Error> {
        if !self.inner.policy.throttled {
            return Ok(Ok(Guess { taken: Vec::new(), front: None }));
        }
        let front = Some(self.inner.lines.reach_front(line).await?);
        let now = self.now();
        Ok(match self.reserve(&budgets, now).await? {
            Verdict::Taken => Ok(Guess { taken: vec![(budgets, now)], front }),
            Verdict::Wait(wait) => Err(wait),
        })
    }

    /// Gives back a guess that was right, or was never looked at. A throttle that cannot be reached
    /// keeps it: a success must not fail for that.
    pub(crate) async fn give_back(&self, guess: Guess) {
        for (budgets, at) in &guess.taken {
            self.give_budgets_back(budgets, *at).await;
        }
        drop(guess.front);
    }

    /// Gives one that was taken then back to each budget.
    pub(crate) async fn give_budgets_back(&self, budgets: &[Budget], taken_at: Timestamp) {
        if self.inner.policy.throttled {
            drop(self.inner.throttle.give_back(budgets, taken_at).await);
        }
    }
}
