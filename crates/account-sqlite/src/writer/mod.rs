//! The one thread that writes. It takes every job that waits, runs them in one transaction, and
//! syncs once for all; no answer leaves before that. Dropping a caller's future changes nothing:
//! the job runs to its end.

mod batch;
mod checkpoint;
mod gate;
mod job;

#[cfg(test)]
pub(crate) use batch::STATEMENTS;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;

use account_core::store::{StoreError, StoreResult};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::failure::Failure;
use crate::open::OpenError;
use crate::readers::HeldRead;
use checkpoint::Checkpoints;
use job::{Job, Work};

/// How many jobs may wait; one more is refused at once, since waiting longer helps nobody.
const MOST_WAITING: usize = 1024;
/// How many share one sync.
const MOST_TOGETHER: usize = 256;

/// What the thread does first.
pub(crate) type OnStart = Option<Arc<dyn Fn() + Send + Sync>>;

pub(crate) struct Writer {
    queue: Option<SyncSender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(
        connection: Connection,
        beside: Connection,
        held_read: Arc<HeldRead>,
        on_start: OnStart,
    ) -> Result<Self, OpenError> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let checkpoints = Checkpoints::start(&connection, beside)?;
        let thread = std::thread::Builder::new()
            .name("account-sqlite".into())
            .spawn(move || {
                if let Some(on_start) = on_start {
                    // A hook that panics leaves the thread as it was.
                    let _ = catch_unwind(AssertUnwindSafe(|| on_start()));
                }
                write(&connection, &waiting, &held_read, checkpoints);
                // The last connection that is closed tidies the log away, and must be this thread's own.
                drop(held_read);
            })
            .map_err(OpenError::Thread)?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Hands `work` to the thread. It runs inside a savepoint, and again from the start if the
    /// transaction around it had to be given up, so it must not keep anything between two runs.
    pub(crate) async fn submit<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(Box::new(Work::new(work, reply)))?;
        // The thread answers every job that it took. If it is gone without, nobody knows.
        answer.await.unwrap_or_else(|gone| Err(StoreError::OutcomeUnknown(Box::new(gone))))
    }

    fn enqueue(&self, job: Box<dyn Job>) -> StoreResult<()> {
        let queue =
            self.queue.as_ref().ok_or_else(|| StoreError::Unavailable("the store is closed".into()))?;
        queue.try_send(job).map_err(|refused| {
            StoreError::Unavailable(match refused {
                TrySendError::Full(_) => "too many writes wait".into(),
                TrySendError::Disconnected(_) => "the writer thread is gone".into(),
            })
        })
    }
}

/// Finishes what waits, then closes the connection, which brings the log into the database.
impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened, and there is nobody to tell here.
            drop(thread.join());
        }
    }
}

fn write(
    connection: &Connection,
    waiting: &Receiver<Box<dyn Job>>,
    held_read: &HeldRead,
    checkpoints: Checkpoints,
) {
    while let Ok(first) = waiting.recv() {
        let mut jobs = vec![first];
        jobs.extend(waiting.try_iter().take(MOST_TOGETHER.saturating_sub(1)));
        let _writing = checkpoints.begin_batch();
        // Until the log is in the database, where it was long enough, and may begin anew.
        let _released = held_read.released();
        batch::run(connection, &mut jobs);
        checkpoints.end_batch(connection);
        jobs.into_iter().for_each(Job::answer);
    }
}
