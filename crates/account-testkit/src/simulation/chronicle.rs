//! What happened, line by line: hashed as a whole, so that two runs can be compared to the byte, and
//! kept for the last stretch, so that a finding can be understood.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use account_core::id::Digest;

/// How many lines are kept.
const KEPT: usize = 120;

/// Takes each line as it is written.
pub(super) type Listener = Box<dyn FnMut(&str) + Send>;

pub(super) struct Chronicle(Mutex<Lines>);

struct Lines {
    step: u64,
    hash: Digest,
    last: VecDeque<String>,
    listener: Option<Listener>,
}

impl Chronicle {
    pub(super) fn new(listener: Option<Listener>) -> Self {
        let hash = Digest::from_bytes([0; 32]);
        Self(Mutex::new(Lines { step: 0, hash, last: VecDeque::new(), listener }))
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lines from now on belong to this step.
    pub(super) fn step(&self, step: u64) {
        self.lines().step = step;
    }

    pub(super) fn write(&self, words: &str) {
        let mut lines = self.lines();
        let line = format!("{} {words}", lines.step);
        let mut bytes = lines.hash.as_bytes().to_vec();
        bytes.extend_from_slice(line.as_bytes());
        lines.hash = Digest::of(&bytes);
        if let Some(listener) = &mut lines.listener {
            listener(&line);
        }
        if lines.last.len() >= KEPT {
            lines.last.pop_front();
        }
        lines.last.push_back(line);
    }

    /// The hash of all lines, in hexadecimal.
    pub(super) fn hash(&self) -> String {
        self.lines().hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The last lines.
    pub(super) fn last(&self) -> Vec<String> {
        self.lines().last.iter().cloned().collect()
    }
}
