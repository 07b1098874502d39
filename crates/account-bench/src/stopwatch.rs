//! The clock of the measurements, in one place: everything else in the workspace gets its time
//! through a port.

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Now, for measuring how long something took.
#[expect(clippy::disallowed_methods, reason = "measuring real time is what this program is for")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "a paced load waits in real time")]
pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}

/// Unix milliseconds, for rows that are made without the core.
#[expect(clippy::disallowed_methods, reason = "rows made in bulk carry the real time")]
pub(crate) fn unix_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
