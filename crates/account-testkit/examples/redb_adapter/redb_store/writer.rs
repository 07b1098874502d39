//! The thread on which everything is written, one transaction a job.
//!
//! redb has one writer at a time, and its transactions are serializable: whoever reads in one and then
//! writes needs no lock beside it. A job that was handed in runs to its end, whether or not its caller
//! still waits: so a dropped future leaves all of it or nothing, and never an open transaction.
//! Many commits do not share one sync here; the SQLite adapter shows how they do.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use account_core::store::{StoreError, StoreResult};
use futures_channel::oneshot;
use redb::{Database, WriteTransaction};

use super::failure::Failure;

/// What may wait. Beyond that the store says at once that it is not available: a queue without an end
/// makes everybody wait, and helps nobody.
const MOST_WAITING: usize = 1024;

type Job = Box<dyn FnOnce(&Database) + Send>;

#[derive(Debug)]
pub(super) struct Writer {
    // `None` only while it is dropped.
    jobs: Option<SyncSender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn of(database: Arc<Database>) -> std::io::Result<Self> {
        let (jobs, waiting) = sync_channel(MOST_WAITING);
        let thread = thread::Builder::new().name("redb-writer".to_owned());
        let thread = thread.spawn(move || run_all(&database, &waiting))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Does the work in a transaction of its own, and answers when it is durable.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        let (answer, outcome) = oneshot::channel();
        let job: Job = Box::new(move |database| {
            // Nobody may be listening any more; what is written stands.
            drop(answer.send(in_transaction(database, work)));
        });
        match self.jobs.as_ref().map(|jobs| jobs.try_send(job)) {
            Some(Ok(())) => {}
            _ => return Err(StoreError::Unavailable("the writer takes no more work".into())),
        }
        // Only if the thread died over this job: how far it came, nobody knows.
        outcome.await.unwrap_or_else(|gone| Err(StoreError::OutcomeUnknown(gone.into())))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn run_all(database: &Database, waiting: &Receiver<Job>) {
    while let Ok(job) = waiting.recv() {
        job(database);
    }
}

fn in_transaction<T>(
    database: &Database,
    work: impl FnOnce(&WriteTransaction) -> Result<T, Failure>,
) -> StoreResult<T> {
    let transaction = database.begin_write().map_err(Failure::from)?;
    // Refused or failed: the transaction is dropped, and with it all that it wrote.
    let done = work(&transaction)?;
    // From here on a failure may come too late. The default durability syncs before it answers.
    transaction.commit().map_err(|error| StoreError::OutcomeUnknown(error.into()))?;
    Ok(done)
}
