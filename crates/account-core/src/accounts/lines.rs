//! Guesses that draw on one budget stand in line within a process, each until its verdict. A guess is
//! reserved before it is known to be right: without a line, several right ones at the same moment would use
//! a budget up that is theirs again a moment later, and be told to wait for minutes.
//!
//! What a guesser may try does not rest on it: the budget's reservation does. Nodes have lines of their own,
//! so as many guesses of one line may be reserved at once as there are nodes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

// A semaphore of one, where a mutex looks at the system's clock to be fair: the core reads none.
use async_lock::{Semaphore, SemaphoreGuardArc};

use crate::error::Error;

/// Whoever finds so many in their line is sent away: a line is no place to keep requests in.
const LONGEST: usize = 64;

/// A long line is worked off in about this time.
const SOON: Duration = Duration::from_secs(1);

/// Lines that nobody stands in any more are forgotten when so many were made since.
const FORGET_AFTER: usize = 1024;

/// The lines, by what their guesses have in common.
#[derive(Default)]
pub(crate) struct Lines(Mutex<HashMap<Vec<u8>, Weak<Semaphore>>>);

/// The front of a line, until dropped.
pub(crate) struct Front(#[expect(dead_code, reason = "held for its drop")] SemaphoreGuardArc);

impl Lines {
    /// Waits to be the first in this line.
    ///
    /// # Errors
    /// [`Error::Busy`] at once for a line that is too long.
    pub(crate) async fn reach_front(&self, line: Vec<u8>) -> Result<Front, Error> {
        let place = self.place(line);
        // One for each that waits, one for the first, and ours.
        if Arc::strong_count(&place) > LONGEST {
            return Err(Error::Busy(SOON));
        }
        let reaching = place.acquire_arc();
        drop(place);
        Ok(Front(reaching.await))
    }

    fn place(&self, line: Vec<u8>) -> Arc<Semaphore> {
        // A panic while the lock was held leaves whole entries.
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len().is_multiple_of(FORGET_AFTER) {
            lines.retain(|_, place| place.strong_count() > 0);
        }
        if let Some(place) = lines.get(&line).and_then(Weak::upgrade) {
            return place;
        }
        let place = Arc::new(Semaphore::new(1));
        lines.insert(line, Arc::downgrade(&place));
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn one_at_a_time_is_at_the_front_of_a_line_and_lines_do_not_wait_for_each_other() {
        let lines = Lines::default();
        let Poll::Ready(Ok(first)) = poll(pin!(lines.reach_front(vec![1]))) else {
            panic!("nobody was there")
        };
        let mut second = pin!(lines.reach_front(vec![1]));
        assert!(poll(second.as_mut()).is_pending());
        assert!(poll(pin!(lines.reach_front(vec![2]))).is_ready());
        drop(first);
        assert!(poll(second).is_ready());
    }

    #[test]
    fn a_line_that_is_too_long_sends_away_and_whoever_leaves_makes_room() {
        let lines = Lines::default();
        let mut waiting: Vec<_> = (0..LONGEST).map(|_| Box::pin(lines.reach_front(vec![1]))).collect();
        let first = poll(waiting.remove(0).as_mut());
        assert!(first.is_ready() && waiting.iter_mut().all(|place| poll(place.as_mut()).is_pending()));
        assert!(matches!(poll(pin!(lines.reach_front(vec![1]))), Poll::Ready(Err(Error::Busy(_)))));
        drop(waiting.pop());
        assert!(poll(pin!(lines.reach_front(vec![1]))).is_pending());
    }

    #[test]
    fn lines_that_nobody_stands_in_are_forgotten() {
        let lines = Lines::default();
        for number in 0u32..5000 {
            assert!(poll(pin!(lines.reach_front(number.to_be_bytes().to_vec()))).is_ready());
        }
        assert!(lines.0.lock().unwrap().len() <= FORGET_AFTER);
    }
}
