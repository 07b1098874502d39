//! Reader connections, and how quick they are. No writer ever holds one of these locks.

use std::cell::Cell;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;

use account_core::store::{StoreError, StoreResult};
use rusqlite::Connection;

use super::held_read::HeldRead;
use super::pace::Pace;
use crate::connection::open_reader;
use crate::failure::Failure;
use crate::open::OpenError;

pub(super) struct Connections {
    all: Box<[Mutex<Connection>]>,
    held_read: Arc<HeldRead>,
    pub(super) pace: Pace,
}

/// What all connections together may keep of the database in memory of their own, where it is that large. What
/// they do not keep is a call of the system, if a short one: with ten million accounts a read looks at a dozen
/// pages, and a thousand callers' pages are 16 MiB on each connection.
const CACHES_KIB: i64 = 256 * 1024;
/// What SQLite gives a connection by itself.
const SMALLEST_CACHE_KIB: i64 = 2 * 1024;

statements! {
    BEGIN = "BEGIN DEFERRED";
    END = "ROLLBACK";
}

static THREADS: AtomicUsize = AtomicUsize::new(0);
thread_local! {
    /// Where this thread looks first: each keeps to a connection of its own while there are enough.
    static SEAT: Cell<usize> = Cell::new(THREADS.fetch_add(1, Ordering::Relaxed));
}

impl Connections {
    pub(super) fn open(path: &Path, count: usize, held_read: Arc<HeldRead>) -> Result<Self, OpenError> {
        let share = i64::try_from(count).ok().and_then(|count| CACHES_KIB.checked_div(count));
        let cache = share.unwrap_or_default().max(SMALLEST_CACHE_KIB);
        let all = (0..count).map(|_| open_reader(path, cache).map(Mutex::new));
        Ok(Self { all: all.collect::<Result<_, _>>()?, held_read, pace: Pace::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// Whether reads have been quick of late.
    pub(super) fn are_quick(&self) -> bool {
        self.pace.is_quick()
    }

    /// Reads on the calling thread.
    pub(super) fn ask<T>(&self, read: impl FnOnce(&Connection) -> Result<T, Failure>) -> StoreResult<T> {
        let connection = self.free()?;
        let begun = now();
        self.held_read.hold(begun);
        let answer = leave_any_transaction(&connection).and_then(|()| read(&connection));
        self.pace.saw(begun.elapsed());
        answer.map_err(Failure::into_store_error)
    }

    /// This thread's own connection, else any that is free, else it waits for its own.
    fn free(&self) -> StoreResult<MutexGuard<'_, Connection>> {
        let seat = SEAT.get().checked_rem(self.all.len()).unwrap_or(0);
        let (before, from) = self.all.split_at_checked(seat).unwrap_or_default();
        let at_once = from.iter().chain(before).find_map(|connection| match connection.try_lock() {
            Ok(guard) => Some(guard),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        });
        let in_time = || from.first().map(|mine| mine.lock().unwrap_or_else(PoisonError::into_inner));
        at_once.or_else(in_time).ok_or_else(|| StoreError::Unavailable("no reader connection".into()))
    }
}

/// All that is read inside is of the same moment.
pub(super) fn in_one_snapshot<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, Failure>,
) -> Result<T, Failure> {
    begin_snapshot(connection)?;
    let answer = read(connection);
    leave_any_transaction(connection)?;
    answer
}

#[expect(clippy::disallowed_methods, reason = "how long the disk took is no matter of the accounts' clock")]
pub(super) fn now() -> Instant {
    Instant::now()
}

/// What is read from here on is of the moment of the first look.
pub(super) fn begin_snapshot(connection: &Connection) -> Result<(), Failure> {
    Ok(connection.prepare_cached(BEGIN)?.execute([]).map(drop)?)
}

/// A snapshot that is left open would answer with the past for ever.
pub(super) fn leave_any_transaction(connection: &Connection) -> Result<(), Failure> {
    if !connection.is_autocommit() {
        connection.prepare_cached(END)?.execute([])?;
    }
    Ok(())
}
