//! Reader connections, and how quick they are. No writer ever holds one of these locks.

use std::cell::Cell;
use std::io;
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
    pub(super) fn open(
        file: FileIdentity,
        count: usize,
        held_read: Arc<HeldRead>,
    ) -> Result<Self, OpenError> {
        let share = i64::try_from(count).ok().and_then(|count| CACHES_KIB.checked_div(count));
        let cache = share.unwrap_or_default().max(SMALLEST_CACHE_KIB);
        let all = (0..count).map(|_| Ok(Mutex::new(Reader::new(open_reader(file.path(), cache)?))));
        let all = all.collect::<Result<_, OpenError>>()?;
        Ok(Self { all, file, cache_kib: cache, held_read, pace: Pace::default() })
    }

    pub(super) fn count(&self) -> usize {
        self.all.len()
    }

    /// An error once the path names another file than the one that is open, or none.
    pub(super) fn check_file(&self) -> io::Result<()> {
        self.file.check()
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
    /// Another file must not even be opened, as it would be taken for the owner of the log that lies beside it: the
    /// first check leaves that to a file that comes between it and the opening.
    fn open_anew(&self, reader: &mut Reader) {
        if self.file.check().is_ok()
            && let Ok(connection) = open_reader(self.file.path(), self.cache_kib)
            // It may have been replaced meanwhile.
            && self.file.check().is_ok()
        {
            *reader = Reader::new(connection);
        } else {
            reader.wear.goes_on();
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
    use std::path::Path;

    use account_core::store::AccountStore as _;
    use account_testkit::block_on;

    use super::*;
    use crate::{OpenOptions, SqliteStore};

    /// A store with one reading connection, and something in its log.
    fn store(path: &Path) -> SqliteStore {
        let store = OpenOptions::new().readers(1).open(path).unwrap();
        block_on(store.ready()).unwrap();
        store
    }

    /// Reads without a commit between them, which fill the cache.
    fn fill(store: &SqliteStore) {
        (0..10_000).for_each(|_| ask(store, "SELECT 1"));
    }

    /// Reads and commits by turns.
    fn disturb(store: &SqliteStore) {
        for _ in 0..1000 {
            block_on(store.record(&[])).unwrap();
            ask(store, "SELECT 1");
        }
    }

    fn ask(store: &SqliteStore, sql: &str) {
        store.readers.connections.ask(|connection| Ok(connection.execute_batch(sql)?)).unwrap();
    }

    /// Temporary tables belong to a connection alone.
    fn mark(store: &SqliteStore) {
        ask(store, "PRAGMA query_only = OFF; CREATE TEMP TABLE mark (mark); PRAGMA query_only = ON");
    }

    fn is_marked(store: &SqliteStore) -> bool {
        let marked = |connection: &Connection| Ok(connection.table_exists(Some("temp"), "mark")?);
        store.readers.connections.ask(marked).unwrap()
    }

    #[test]
    fn a_worn_connection_is_opened_anew_once_and_as_the_first_one_was() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder.path().join("account.db"));
        let settings = || {
            ["query_only", "cache_size", "synchronous", "foreign_keys", "trusted_schema"].map(|pragma| {
                let read = |connection: &Connection| {
                    Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
                };
                store.readers.connections.ask(read).unwrap()
            })
        };
        let first: [i64; 5] = settings();
        mark(&store);
        fill(&store);
        disturb(&store);
        assert!(!is_marked(&store));
        assert_eq!(settings(), first);
        mark(&store);
        disturb(&store);
        assert!(is_marked(&store));
    }

    #[cfg(unix)]
    #[test]
    fn a_worn_connection_serves_on_and_touches_no_other_file_in_the_place_of_its_own() {
        let elsewhere = tempfile::tempdir().unwrap();
        let other = elsewhere.path().join("other.db");
        drop(SqliteStore::open(&other).unwrap());
        for content in [Vec::new(), std::fs::read(&other).unwrap()] {
            let folder = tempfile::tempdir().unwrap();
            let (path, away) = (folder.path().join("account.db"), folder.path().join("away.db"));
            let store = store(&path);
            mark(&store);
            fill(&store);
            std::fs::rename(&path, &away).unwrap();
            std::fs::write(&path, &content).unwrap();
            disturb(&store);
            assert!(is_marked(&store));
            assert_eq!(std::fs::read(&path).unwrap(), content);

            std::fs::rename(&away, &path).unwrap();
            let beside = Connection::open(&path).unwrap();
            let checks = "SELECT checks FROM readiness";
            let of_the_log: i64 = beside.query_row(checks, [], |row| row.get(0)).unwrap();
            assert_eq!(of_the_log, 1);
            // As after a failure of any other kind, it is tried again.
            disturb(&store);
            assert!(!is_marked(&store));
        }
    }
}
