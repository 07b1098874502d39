//! Reader connections. A read runs at once on the calling thread: a point select takes
//! microseconds, less than handing it to another thread. No writer ever holds one of these locks.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use account_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use crate::connection::open_reader;
use crate::failure::Failure;
use crate::open::OpenError;

pub(crate) struct Readers {
    connections: Box<[Mutex<Connection>]>,
}

statements! {
    BEGIN = "BEGIN DEFERRED";
    END = "ROLLBACK";
}

static THREADS: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    /// Where this thread looks first: each keeps to a connection of its own while there are enough.
    static SEAT: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
}

impl Readers {
    pub(crate) fn open(path: &Path, count: usize) -> Result<Self, OpenError> {
        let connections = (0..count).map(|_| open_reader(path).map(Mutex::new));
        Ok(Self { connections: connections.collect::<Result<_, _>>()? })
    }

    /// One question, answered by one statement.
    pub(crate) fn ask<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> StoreResult<T> {
        let connection = self.free()?;
        leave_any_transaction(&connection).and_then(|()| read(&connection)).map_err(Failure::into_store_error)
    }

    /// Several statements that all see the same moment.
    pub(crate) fn ask_in_one_snapshot<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> StoreResult<T> {
        self.ask(|connection| {
            connection.prepare_cached(BEGIN)?.execute([])?;
            let answer = read(connection);
            leave_any_transaction(connection)?;
            answer
        })
    }

    /// This thread's own connection, else any that is free, else it waits for its own.
    fn free(&self) -> StoreResult<MutexGuard<'_, Connection>> {
        let seat = SEAT.get().checked_rem(self.connections.len()).unwrap_or(0);
        let (before, from) = self.connections.split_at_checked(seat).unwrap_or_default();
        let at_once = from.iter().chain(before).find_map(|connection| match connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let in_time = || from.first().map(|mine| mine.lock().unwrap_or_else(PoisonError::into_inner));
        at_once.or_else(in_time).ok_or_else(|| StoreError::Unavailable("no reader connection".into()))
    }
}

/// A snapshot that is left open would answer with the past for ever.
fn leave_any_transaction(connection: &Connection) -> Result<(), Failure> {
    if !connection.is_autocommit() {
        connection.prepare_cached(END)?.execute([])?;
    }
    Ok(())
}
