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
use super::wear::Wear;
use crate::connection::open_reader;
use crate::failure::Failure;
use crate::file_identity::FileIdentity;
use crate::open::OpenError;

pub(super) struct Connections {
    all: Box<[Mutex<Reader>]>,
    file: FileIdentity,
    cache_kib: i64,
    held_read: Arc<HeldRead>,
    pub(super) pace: Pace,
}

struct Reader {
    connection: Connection,
    wear: Wear,
}

impl Reader {
    fn new(connection: Connection) -> Self {
        Self { connection, wear: Wear::default() }
    }
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
        let file =
            FileIdentity::of(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let all = (0..count).map(|_| Ok(Mutex::new(Reader::new(open_reader(path, cache)?))));
        let all = all.collect::<Result<_, OpenError>>()?;
        Ok(Self { all, file, cache_kib: cache, held_read, pace: Pace::default() })
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
        let mut reader = self.free()?;
        if reader.wear.reads_after(self.held_read.batches()) {
            self.open_anew(&mut reader);
        }
        let connection = &reader.connection;
        let begun = now();
        self.held_read.hold(begun);
        let answer = leave_any_transaction(connection).and_then(|()| read(connection));
        self.pace.saw(begun.elapsed());
        answer.map_err(Failure::into_store_error)
    }

    /// If it cannot be done, or another file stands in the place of this one, the old connection serves on.
    fn open_anew(&self, reader: &mut Reader) {
        reader.wear = Wear::default();
        if let Ok(connection) = open_reader(self.file.path(), self.cache_kib)
            && self.file.check().is_ok()
        {
            reader.connection = connection;
        }
    }

    /// This thread's own connection, else any that is free, else it waits for its own.
    fn free(&self) -> StoreResult<MutexGuard<'_, Reader>> {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Connections to a new database, one of which has been worn.
    fn worn(folder: &Path) -> Connections {
        let path = folder.join("account.db");
        drop(crate::SqliteStore::open(&path).unwrap());
        let held_read = Arc::new(HeldRead::open(&path).unwrap());
        let connections = Connections::open(&path, 1, held_read).unwrap();
        (0..10_000).for_each(|_| ask(&connections, "SELECT 1"));
        connections
    }

    fn ask(connections: &Connections, sql: &str) {
        connections.ask(|connection| Ok(connection.execute_batch(sql)?)).unwrap();
    }

    /// Temporary tables belong to a connection alone.
    fn is_another_one(connections: &Connections) -> bool {
        ask(connections, "PRAGMA query_only = OFF; CREATE TEMP TABLE own (mark)");
        for _ in 0..1000 {
            drop(connections.held_read.released());
            ask(connections, "SELECT 1");
        }
        connections
            .ask(|connection| Ok(connection.table_exists(Some("temp"), "own")?))
            .map(|own| !own)
            .unwrap()
    }

    #[test]
    fn a_worn_connection_is_opened_anew() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_another_one(&worn(folder.path())));
    }

    #[test]
    fn what_is_open_serves_on_where_another_file_took_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let connections = worn(folder.path());
        let (path, moved) = (folder.path().join("account.db"), folder.path().join("moved.db"));
        std::fs::rename(&path, &moved).unwrap();
        std::fs::copy(&moved, &path).unwrap();
        assert!(!is_another_one(&connections));
    }
}
