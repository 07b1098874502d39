//! A clock that stands still until it is told, and jumps both ways.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use account_core::ports::clock::Clock;
use account_core::time::Timestamp;

/// A [`Clock`] that a test sets. Share it through an [`Arc`](std::sync::Arc).
///
/// ```
/// use account_core::ports::clock::Clock as _;
/// use account_testkit::ManualClock;
/// use std::time::Duration;
///
/// let clock = ManualClock::default();
/// let noon = clock.now();
/// clock.advance(Duration::from_secs(60));
/// clock.step_back(Duration::from_secs(90));
/// assert_eq!(clock.now(), noon.minus(Duration::from_secs(30)));
/// ```
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl Default for ManualClock {
    /// 2026-01-31T12:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_millis(1_769_860_800_000))
    }
}

impl ManualClock {
    /// A clock that shows `time`.
    pub const fn at(time: Timestamp) -> Self {
        Self(AtomicI64::new(time.as_millis()))
    }

    /// Shows `time` from now on.
    pub fn set(&self, time: Timestamp) {
        self.0.store(time.as_millis(), Ordering::SeqCst);
    }

    /// Goes forwards.
    pub fn advance(&self, by: Duration) {
        self.set(self.now().plus(by));
    }

    /// Jumps backwards, as a corrected clock does.
    pub fn step_back(&self, by: Duration) {
        self.set(self.now().minus(by));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.0.load(Ordering::SeqCst))
    }
}
