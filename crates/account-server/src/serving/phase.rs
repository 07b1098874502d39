//! What a connection is doing, shared between its socket and its requests: lying idle, sending a head, or
//! busy with a request. The socket's patience depends on it.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

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

/// The phase of one connection, and what was noticed about its present request.
#[derive(Debug, Default)]
pub(crate) struct ConnectionPhase {
    phase: AtomicU8,
    ambiguous: AtomicBool,
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

    /// Notes whether the head's framing was ambiguous.
    pub(crate) fn note_ambiguous(&self, ambiguous: bool) {
        self.ambiguous.store(ambiguous, Ordering::Relaxed);
    }

    /// Whether the present request's framing is ambiguous (SEC-60).
    pub(crate) fn is_ambiguous(&self) -> bool {
        self.ambiguous.load(Ordering::Relaxed)
    }
}
