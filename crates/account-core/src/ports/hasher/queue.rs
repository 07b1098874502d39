//! A bounded queue between those who ask and the hashing threads. It keeps order and forgets what
//! nobody waits for any more; it computes nothing.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_channel::oneshot;

use super::{HashRequest, HasherError, VerifyRequest};
use crate::password::PasswordHash;

/// One request with the way back to whoever asked.
pub(super) enum Job {
    Hash(HashRequest, oneshot::Sender<Result<PasswordHash, HasherError>>),
    Verify(VerifyRequest, oneshot::Sender<Result<bool, HasherError>>),
}

impl Job {
    fn is_abandoned(&self) -> bool {
        match self {
            Self::Hash(_, answer) => answer.is_canceled(),
            Self::Verify(_, answer) => answer.is_canceled(),
        }
    }

    fn refuse(self, error: HasherError) {
        // A caller that has gone needs no answer.
        match self {
            Self::Hash(_, answer) => drop(answer.send(Err(error))),
            Self::Verify(_, answer) => drop(answer.send(Err(error))),
        }
    }
}

pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
    limit: usize,
    max_wait: Duration,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(Job, Instant)>,
    closed: bool,
}

/// What a caller is told to wait when there is no room.
pub(super) const BUSY: HasherError = HasherError::Busy { retry_after: Duration::from_secs(1) };

impl Queue {
    pub(super) fn new(limit: usize, max_wait: Duration) -> Self {
        Self { waiting: Mutex::default(), wake: Condvar::new(), limit, max_wait }
    }

    /// Queues a job, or says at once that there is no room.
    pub(super) fn push(&self, job: Job) -> Result<(), HasherError> {
        let mut waiting = self.lock();
        if waiting.jobs.len() >= self.limit {
            waiting.jobs.retain(|(job, _)| !job.is_abandoned());
        }
        if waiting.closed || waiting.jobs.len() >= self.limit {
            return Err(BUSY);
        }
        waiting.jobs.push_back((job, now()));
        drop(waiting);
        self.wake.notify_one();
        Ok(())
    }

    /// The next job that somebody still waits for, once there is one; `None` when the queue closes.
    /// What has waited too long is answered with [`BUSY`].
    pub(super) fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            match waiting.jobs.pop_front() {
                None => waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some((job, _)) if job.is_abandoned() => {}
                Some((job, since)) if now().duration_since(since) > self.max_wait => job.refuse(BUSY),
                Some((job, _)) => return Some(job),
            }
        }
    }

    /// Lets nothing in any more, answers what waits, and wakes all threads.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        let jobs = std::mem::take(&mut waiting.jobs);
        drop(waiting);
        jobs.into_iter().for_each(|(job, _)| job.refuse(BUSY));
        self.wake.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No code that can panic runs under this lock; a poisoned one is as good as any.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures how long a job waited; no decision on an account hangs on it"
)]
fn now() -> Instant {
    Instant::now()
}
