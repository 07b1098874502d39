//! Where the writer waits a moment for the checkpoint beside it, and no longer.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a batch waits at a closed gate: copying a few hundred pages takes less. Nothing rests on it; a
/// checkpoint that is not done by then is done later.
const PATIENCE: Duration = Duration::from_millis(2);

#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    closed: bool,
    writing: bool,
}

impl Gate {
    /// The writer's way in, once for each batch.
    pub(super) fn enter(&self) -> Writing<'_> {
        let waited = self.changed.wait_timeout_while(self.state(), PATIENCE, |state| state.closed);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        // Whoever waited in vain waits once: what takes so long is the disk, and no copying.
        state.closed = false;
        state.writing = true;
        drop(state);
        Writing(self)
    }

    /// Closes it, and waits for the end of the batch that is under way.
    pub(super) fn close(&self) -> Closed<'_> {
        let still_writing = |state: &mut State| {
            // Anew each time: a batch that lost its patience in between has opened it.
            state.closed = true;
            state.writing
        };
        drop(self.changed.wait_while(self.state(), still_writing).unwrap_or_else(PoisonError::into_inner));
        Closed(self)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state());
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch is being written.
#[must_use]
pub(super) struct Writing<'a>(&'a Gate);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.writing = false);
    }
}

/// No batch begins, until one loses its patience.
#[must_use]
pub(super) struct Closed<'a>(&'a Gate);

impl Drop for Closed<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.closed = false);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn a_gate_closes_when_the_batch_is_written() {
        let gate = Gate::default();
        let (say, said) = channel();
        thread::scope(|scope| {
            let writing = gate.enter();
            scope.spawn(|| {
                let _closed = gate.close();
                say.send(()).unwrap();
            });
            assert!(said.recv_timeout(Duration::from_millis(50)).is_err(), "the batch is under way");
            drop(writing);
            said.recv_timeout(LONG).unwrap();
        });
    }

    #[test]
    fn a_batch_does_not_wait_for_ever_at_a_closed_gate() {
        let gate = Gate::default();
        let _closed = gate.close();
        drop(gate.enter());
    }

    #[test]
    fn a_gate_that_one_batch_waited_at_in_vain_is_open_to_the_next_and_closes_anew() {
        let gate = Gate::default();
        let closed = gate.close();
        drop(gate.enter());
        assert!(!gate.state().closed);
        drop(closed);
        let again = gate.close();
        assert!(gate.state().closed);
        drop(again);
    }

    #[test]
    fn a_gate_that_waits_for_a_batch_is_closed_to_the_one_after_it() {
        let gate = Gate::default();
        thread::scope(|scope| {
            let first = gate.enter();
            let closing = scope.spawn(|| {
                let _closed = gate.close();
                gate.state().closed
            });
            while !gate.state().closed {
                thread::yield_now();
            }
            // As a batch does that loses its patience meanwhile.
            gate.state().closed = false;
            drop(first);
            assert!(closing.join().unwrap());
        });
    }
}
