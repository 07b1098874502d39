//! The time of the commands that measure or wait. Everything else in the workspace gets its time
//! through a port.

use std::thread;
use std::time::{Duration, Instant};

/// Now.
#[expect(clippy::disallowed_methods, reason = "a measurement needs the real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits.
#[expect(clippy::disallowed_methods, reason = "another program is waited for in real time")]
pub(crate) fn wait(time: Duration) {
    thread::sleep(time);
}
