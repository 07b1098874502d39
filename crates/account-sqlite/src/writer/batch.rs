//! One transaction for many jobs, each in a savepoint, and one sync. SQLite takes back the whole
//! transaction by itself when the disk is full or fails; a savepoint opened after that would commit
//! alone, and all jobs before it would vanish. So after every step it is asked whether the
//! transaction still stands, and if not, no job of it has an outcome.

use std::slice;
use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::ffi::{Error as Code, SQLITE_ABORT_ROLLBACK};

use super::job::{Job, Writes};
use crate::failure::{is_busy, leaves_the_outcome_open};

statements! {
    BEGIN = "BEGIN IMMEDIATE";
    SAVEPOINT = "SAVEPOINT job";
    UNDO = "ROLLBACK TO job";
    RELEASE = "RELEASE job";
    COMMIT = "COMMIT";
    ROLLBACK = "ROLLBACK";
}

/// Why a transaction did not come to its end.
enum Broken {
    /// Another process holds the database: nothing ran, and trying at once would not help.
    Busy(Arc<rusqlite::Error>),
    /// Nothing of it happened.
    TakenBack(Arc<rusqlite::Error>),
    /// The disk failed while it was written out. The log may hold it, and a crash would bring it back.
    Unknown(Arc<rusqlite::Error>),
}

/// Runs the jobs, together if that works, else one by one. Each has an outcome then.
pub(super) fn run(connection: &Connection, jobs: &mut [Box<dyn Job>]) {
    match together(connection, jobs) {
        Err(Broken::TakenBack(_)) if jobs.len() > 1 => one_by_one(connection, jobs),
        result => settle(result, jobs),
    }
}

/// So a job that does not fit on the disk does not fail those that do.
fn one_by_one(connection: &Connection, jobs: &mut [Box<dyn Job>]) {
    let mut rest = jobs.iter_mut();
    while let Some(job) = rest.next() {
        let result = together(connection, slice::from_mut(job));
        if let Err(Broken::Busy(cause)) = &result {
            rest.by_ref().for_each(|job| job.give_up(cause));
        }
        settle(result, slice::from_mut(job));
    }
}

fn settle(result: Result<(), Broken>, jobs: &mut [Box<dyn Job>]) {
    match result {
        Ok(()) => {}
        Err(Broken::Busy(cause) | Broken::TakenBack(cause)) => {
            jobs.iter_mut().for_each(|job| job.give_up(&cause))
        }
        Err(Broken::Unknown(cause)) => jobs.iter_mut().for_each(|job| job.lose_sight(&cause)),
    }
}

fn together(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), Broken> {
    // Only if taking back the last one failed.
    take_back(connection).map_err(|error| Broken::TakenBack(Arc::new(error)))?;
    step(connection, BEGIN).map_err(|error| broken(connection, error, false))?;
    for job in jobs {
        in_savepoint(connection, job.as_mut()).map_err(|error| broken(connection, error, false))?;
    }
    step(connection, COMMIT).map_err(|error| broken(connection, error, true))
}

fn in_savepoint(connection: &Connection, job: &mut dyn Job) -> rusqlite::Result<()> {
    step(connection, SAVEPOINT)?;
    let writes = job.run(connection)?;
    if connection.is_autocommit() {
        return Err(rusqlite::Error::SqliteFailure(Code::new(SQLITE_ABORT_ROLLBACK), None));
    }
    if writes == Writes::Undo {
        step(connection, UNDO)?;
    }
    step(connection, RELEASE)
}

fn broken(connection: &Connection, error: rusqlite::Error, committing: bool) -> Broken {
    let stays_open = take_back(connection).is_err();
    let (busy, failing_disk) = (is_busy(&error), leaves_the_outcome_open(&error));
    let cause = Arc::new(error);
    if committing && (failing_disk || stays_open) {
        Broken::Unknown(cause)
    } else if busy {
        Broken::Busy(cause)
    } else {
        // Without a COMMIT nothing happened; what stays open is taken back before the next begins.
        Broken::TakenBack(cause)
    }
}

fn take_back(connection: &Connection) -> rusqlite::Result<()> {
    if connection.is_autocommit() { Ok(()) } else { step(connection, ROLLBACK) }
}

fn step(connection: &Connection, statement: &str) -> rusqlite::Result<()> {
    connection.prepare_cached(statement)?.execute([]).map(drop)
}
