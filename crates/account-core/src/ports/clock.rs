//! The only place that reads the system's clock. Services ask a [`Clock`]; stores are told the time.

use crate::time::Timestamp;

/// Where the time comes from. Steps in either direction are harmless: no decision assumes that
/// time only moves forwards (SEC-29, REL-13).
pub trait Clock: Send + Sync {
    /// The present time.
    fn now(&self) -> Timestamp;
}

/// The system's clock.
///
/// ```
/// use account_core::ports::clock::{Clock, SystemClock};
/// assert!(SystemClock.now().as_millis() > 1_700_000_000_000);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = match since {
            Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
            Err(before) => {
                i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |m| m.saturating_neg())
            }
        };
        Timestamp::from_millis(millis)
    }
}
