//! A bounded queue between those who ask and the hashing threads. It keeps order, forgets what
//! nobody waits for any more, and lets nobody wait longer than they were promised, whatever the
//! threads do; it computes nothing.

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
    /// Wakes a hashing thread.
    wake: Condvar,
    /// Wakes who watches the time.
    watch: Condvar,
    limit: usize,
    threads: usize,
    max_wait: Duration,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<(Job, Instant)>,
    /// What a job took lately.
    usual: Duration,
    /// Nothing waits, and who watches the time sleeps until something does.
    unwatched: bool,
    closed: bool,
}

/// What a caller is told to wait when little is known.
pub(super) const BUSY: HasherError = HasherError::Busy { retry_after: Duration::from_secs(1) };

/// What a caller is told to wait at most: load changes sooner than that.
const LONGEST_RETRY: Duration = Duration::from_secs(30);

/// How many of the last jobs make up what is usual.
const MEMORY: u32 = 8;

impl Queue {
    pub(super) fn new(limit: usize, threads: usize, max_wait: Duration) -> Self {
        let (waiting, wake, watch) = (Mutex::default(), Condvar::new(), Condvar::new());
        Self { waiting, wake, watch, limit, threads, max_wait }
    }

    /// Queues a job, or says at once that there is no room, or that its turn would come too late.
    pub(super) fn push(&self, job: Job) -> Result<(), HasherError> {
        let mut waiting = self.lock();
        if waiting.jobs.len() >= self.limit || self.turn(&waiting) > self.max_wait {
            waiting.jobs.retain(|(job, _)| !job.is_abandoned());
        }
        let late = !waiting.jobs.is_empty() && self.turn(&waiting) > self.max_wait;
        if waiting.closed || late || waiting.jobs.len() >= self.limit {
            return Err(self.busy(&waiting));
        }
        waiting.jobs.push_back((job, now()));
        let unwatched = std::mem::take(&mut waiting.unwatched);
        drop(waiting);
        self.wake.notify_one();
        if unwatched {
            self.watch.notify_one();
        }
        Ok(())
    }

    /// The next job that somebody still waits for, once there is one; `None` when the queue closes.
    pub(super) fn next(&self) -> Option<Job> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            self.expire(&mut waiting);
            match waiting.jobs.pop_front() {
                None => waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some((job, _)) if job.is_abandoned() => {}
                Some((job, _)) => return Some(job),
            }
        }
    }

    /// Refuses what has waited too long, when its time is over, until the queue closes. For a thread of
    /// its own: those that hash may all be busy, or get no processor.
    pub(super) fn keep_time(&self) {
        let mut waiting = self.lock();
        while !waiting.closed {
            self.expire(&mut waiting);
            let first = waiting.jobs.front().map(|(_, since)| *since);
            waiting.unwatched = first.is_none();
            waiting = match first {
                None => self.watch.wait(waiting).unwrap_or_else(PoisonError::into_inner),
                Some(since) => {
                    let left = self.max_wait.saturating_sub(now().duration_since(since));
                    self.watch.wait_timeout(waiting, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Notes what a job took.
    pub(super) fn note(&self, took: Duration) {
        let mut waiting = self.lock();
        let before = waiting.usual.saturating_mul(MEMORY.saturating_sub(1));
        waiting.usual = before.saturating_add(took).checked_div(MEMORY).unwrap_or_default();
    }

    /// Lets nothing in any more, answers what waits, and wakes all threads.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.closed = true;
        let jobs = std::mem::take(&mut waiting.jobs);
        drop(waiting);
        jobs.into_iter().for_each(|(job, _)| job.refuse(BUSY));
        self.wake.notify_all();
        self.watch.notify_all();
    }

    /// The queue is in the order of arrival: those whose time is over stand in front.
    fn expire(&self, waiting: &mut Waiting) {
        let now = now();
        while waiting.jobs.front().is_some_and(|(_, since)| now.duration_since(*since) >= self.max_wait) {
            let Some((job, _)) = waiting.jobs.pop_front() else { return };
            let busy = self.busy(waiting);
            job.refuse(busy);
        }
    }

    /// When the turn of one more job would come.
    fn turn(&self, waiting: &Waiting) -> Duration {
        let (ahead, threads) = (count(waiting.jobs.len()), count(self.threads).max(1));
        waiting.usual.saturating_mul(ahead).checked_div(threads).unwrap_or_default()
    }

    /// What waits now will be done by then.
    fn busy(&self, waiting: &Waiting) -> HasherError {
        HasherError::Busy { retry_after: self.turn(waiting).clamp(Duration::from_secs(1), LONGEST_RETRY) }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No code that can panic runs under this lock; a poisoned one is as good as any.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "measures how long a job waited or took; no decision on an account hangs on it"
)]
pub(super) fn now() -> Instant {
    Instant::now()
}
