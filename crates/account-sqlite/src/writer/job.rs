//! A piece of work that waits for the writer, with the way to answer its caller.

use std::sync::Arc;

use account_core::store::{StoreError, StoreResult};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::failure::Failure;

/// What becomes of the writes of a job that ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writes {
    Keep,
    Undo,
}

/// A job, whatever it answers. The outcome is kept until [`answer`](Self::answer), which is called
/// after the commit and not before.
pub(super) trait Job: Send {
    /// Does the work. An error is the database's, and the job has no outcome.
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<Writes>;
    /// It did not happen.
    fn give_up(&mut self, cause: &Arc<rusqlite::Error>);
    /// It may have happened, if it wrote anything.
    fn lose_sight(&mut self, cause: &Arc<rusqlite::Error>);
    /// Tells the caller, if still there.
    fn answer(self: Box<Self>);
}

pub(super) struct Work<T, F> {
    work: F,
    outcome: Option<StoreResult<T>>,
    reply: oneshot::Sender<StoreResult<T>>,
}

impl<T, F> Work<T, F> {
    pub(super) fn new(work: F, reply: oneshot::Sender<StoreResult<T>>) -> Self {
        Self { work, outcome: None, reply }
    }
}

impl<T: Send, F: FnMut(&Connection) -> Result<T, Failure> + Send> Job for Work<T, F> {
    fn run(&mut self, connection: &Connection) -> rusqlite::Result<Writes> {
        self.outcome = None;
        let (outcome, writes) = match (self.work)(connection) {
            Ok(answer) => (Ok(answer), Writes::Keep),
            Err(Failure::Verdict(verdict)) => (Err(verdict), Writes::Undo),
            Err(Failure::Database(error)) => return Err(error),
        };
        self.outcome = Some(outcome);
        Ok(writes)
    }

    fn give_up(&mut self, cause: &Arc<rusqlite::Error>) {
        self.outcome = Some(Err(StoreError::Unavailable(Box::new(Arc::clone(cause)))));
    }

    fn lose_sight(&mut self, cause: &Arc<rusqlite::Error>) {
        match self.outcome {
            Some(Ok(_)) => self.outcome = Some(Err(StoreError::OutcomeUnknown(Box::new(Arc::clone(cause))))),
            // It wrote nothing, but what it was judged by may not stand.
            Some(Err(_)) | None => self.give_up(cause),
        }
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // A caller that went away does not want to know.
            drop(self.reply.send(outcome));
        }
    }
}
