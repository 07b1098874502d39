//! How patient the server is, in one place (REL-10, REL-11). Plain data; the files beside it obey.

use std::time::Duration;

/// Times and counts of the serving loop.
#[derive(Debug, Clone)]
pub(crate) struct ServingLimits {
    /// From the first byte of a request to the end of its head.
    pub(crate) head: Duration,
    /// From the head to the end of the body.
    pub(crate) body: Duration,
    /// How long a connection may lie idle between requests, or before the first.
    pub(crate) idle: Duration,
    /// How long a client may take no byte of an answer.
    pub(crate) write: Duration,
    /// From the end of the request to the answer.
    pub(crate) answer: Duration,
    /// How long running requests may go on after a stop was asked for.
    pub(crate) drain: Duration,
    /// How long an idle connection stays open after a stop was asked for: a request may be on its way.
    pub(crate) farewell: Duration,
    /// Connections open at once; more wait in the system's queue.
    pub(crate) connections: usize,
}

impl Default for ServingLimits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            idle: Duration::from_secs(60),
            write: Duration::from_secs(20),
            answer: Duration::from_secs(10),
            drain: Duration::from_secs(20),
            farewell: Duration::from_millis(500),
            connections: 8192,
        }
    }
}

/// The most bytes of a request's head; a longer one is 431 (SEC-59).
pub(crate) const HEAD_BYTES: usize = 32 * 1024;
