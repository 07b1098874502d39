//! What a connection is doing, shared between its socket and its requests: lying idle, sending a head, or
//! busy with a request. The socket's patience depends on it.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between requests, or before the first.
    Idle,
    /// A request's head has begun to arrive.
    Head,
    /// A request is being read, answered or written.
    Busy,
}

/// The phase of one connection, and what was noticed about its requests.
#[derive(Debug)]
pub(crate) struct ConnectionPhase {
    phase: AtomicU8,
    /// Requests whose answering has begun.
    requests: AtomicU64,
    /// The number of the first request with an ambiguous framing.
    ambiguous: AtomicU64,
}

impl Default for ConnectionPhase {
    fn default() -> Self {
        Self {
            phase: AtomicU8::default(),
            requests: AtomicU64::default(),
            ambiguous: AtomicU64::new(u64::MAX),
        }
    }
}

// One task drives a connection, so that its loads and stores are ordered as it made them.
impl ConnectionPhase {
    /// The present phase.
    pub(crate) fn now(&self) -> Phase {
        match self.phase.load(Ordering::Relaxed) {
            0 => Phase::Idle,
            1 => Phase::Head,
            _ => Phase::Busy,
        }
    }

    /// Enters `phase`.
    pub(crate) fn enter(&self, phase: Phase) {
        let number = match phase {
            Phase::Idle => 0,
            Phase::Head => 1,
            Phase::Busy => 2,
        };
        self.phase.store(number, Ordering::Relaxed);
    }

    /// Notes the number, from 0, of the first request whose framing is ambiguous.
    pub(crate) fn note_ambiguous(&self, number: u64) {
        self.ambiguous.store(number, Ordering::Relaxed);
    }

    /// Counts the next request, and says whether its framing is ambiguous (SEC-60). What comes after such a
    /// request is no request.
    pub(crate) fn next_is_ambiguous(&self) -> bool {
        self.requests.fetch_add(1, Ordering::Relaxed) >= self.ambiguous.load(Ordering::Relaxed)
    }
}
