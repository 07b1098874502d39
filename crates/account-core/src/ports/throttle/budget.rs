//! The arithmetic of a budget: two numbers, moved forwards by taking and backwards by giving back.

use std::time::Duration;

use crate::malformed::Malformed;
use crate::time::Timestamp;

/// What a budget is counted under: a keyed digest, so that the table tells nobody's name or address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThrottleKey([u8; 32]);

impl ThrottleKey {
    /// A key computed by the core.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The stored bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are thirty-two.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("throttle key"))
    }
}

/// How a used budget comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refill {
    /// One by one: `limit` at once at most, then one every `per / limit`.
    Gradual,
    /// All at once, `per` after the first was taken: never more than `limit` in such a window.
    AllAtOnce,
}

/// At most `limit` in `per`, counted under `key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// What it is counted under.
    pub key: ThrottleKey,
    /// How many; zero lets nothing pass.
    pub limit: u32,
    /// In what time.
    pub per: Duration,
    /// How it comes back.
    pub refill: Refill,
}

/// How much of a budget is used: the state an implementation remembers. An absent level is unused.
///
/// ```
/// use account_core::ports::throttle::{Budget, Level, Refill, ThrottleKey};
/// use account_core::time::Timestamp;
/// use std::time::Duration;
/// let key = ThrottleKey::from_bytes([0; 32]);
/// let budget = Budget { key, limit: 1, per: Duration::from_secs(60), refill: Refill::AllAtOnce };
/// let now = Timestamp::from_millis(0);
/// let used = Level::take(None, &budget, now).unwrap();
/// assert_eq!(Level::take(Some(used), &budget, now), Err(Duration::from_secs(60)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Gradual: when the budget is whole again. All at once: when the window began.
    pub mark: Timestamp,
    /// All at once: how many were taken in the window. Gradual: unused, zero.
    pub count: u32,
    /// When the level says no more than an absent one would.
    pub expires_at: Timestamp,
}

impl Level {
    /// The level after taking one, or how long to wait.
    ///
    /// # Errors
    /// The time after which the budget has one again.
    pub fn take(level: Option<Self>, budget: &Budget, now: Timestamp) -> Result<Self, Duration> {
        if budget.limit == 0 {
            return Err(budget.per);
        }
        match budget.refill {
            Refill::Gradual => {
                let whole_at = Self::whole_at(level, budget, now).plus(budget.interval());
                let over = whole_at.since(now).saturating_sub(budget.per);
                if over.is_zero() {
                    Ok(Self { mark: whole_at, count: 0, expires_at: whole_at })
                } else {
                    Err(over)
                }
            }
            Refill::AllAtOnce => {
                let (began, count) = Self::window(level, budget, now);
                let ends = began.plus(budget.per);
                if count < budget.limit {
                    Ok(Self { mark: began, count: count.saturating_add(1), expires_at: ends })
                } else {
                    Err(ends.since(now).max(Duration::from_millis(1)))
                }
            }
        }
    }

    /// The level after giving one back.
    #[must_use]
    pub fn give_back(self, budget: &Budget, now: Timestamp) -> Self {
        match budget.refill {
            Refill::Gradual => {
                let mark = Self::whole_at(Some(self), budget, now).minus(budget.interval());
                Self { mark, count: 0, expires_at: mark }
            }
            Refill::AllAtOnce => {
                let (mark, count) = Self::window(Some(self), budget, now);
                Self { mark, count: count.saturating_sub(1), expires_at: mark.plus(budget.per) }
            }
        }
    }

    /// A clock that stepped back must not lock anybody out: no level lies further ahead than a
    /// wholly used budget would (REL-13).
    fn whole_at(level: Option<Self>, budget: &Budget, now: Timestamp) -> Timestamp {
        level.map_or(now, |level| level.mark.clamp(now, now.plus(budget.per)))
    }

    fn window(level: Option<Self>, budget: &Budget, now: Timestamp) -> (Timestamp, u32) {
        match level {
            Some(level) if level.mark <= now && now < level.mark.plus(budget.per) => {
                (level.mark, level.count)
            }
            _ => (now, 0),
        }
    }
}

impl Budget {
    fn interval(&self) -> Duration {
        self.per.checked_div(self.limit).unwrap_or(self.per).max(Duration::from_millis(1))
    }
}
