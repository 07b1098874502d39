//! One connection keeps a read open for all others. SQLite counts the readers of a process: with the first
//! it asks the system for a lock, with the last it gives it back, and both under one mutex. Reads that come
//! and go by themselves would ask twice each, and wait for one another meanwhile.
//!
//! What is shared is the lock alone: every read sees the newest commit. But the log cannot begin anew while
//! a part of it is being read, so nothing is held while the writer writes, and nothing old for long.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::connections::{begin_snapshot, leave_any_transaction, now};
use crate::connection::open_reader;
use crate::failure::Failure;
use crate::open::OpenError;

/// After another program's commit the lock is another one, and must be held anew.
const FRESH: Duration = Duration::from_millis(50);

/// It reads one page.
const CACHE_KIB: i64 = 64;

statements! {
    LOOK = "SELECT 1 FROM readiness WHERE id = 1";
}

pub(crate) struct HeldRead {
    connection: Mutex<Connection>,
    opened: Instant,
    /// Until when it counts as fresh, in milliseconds since `opened`; 0 while nothing is held.
    fresh_until: AtomicU64,
    /// How often the writer has asked for it: once for each batch of commits.
    batches: AtomicU64,
}

impl HeldRead {
    pub(crate) fn open(path: &Path) -> Result<Self, OpenError> {
        let connection = Mutex::new(open_reader(path, CACHE_KIB)?);
        Ok(Self { connection, opened: now(), fresh_until: AtomicU64::new(0), batches: AtomicU64::new(0) })
    }

    /// Holds the lock for the reads that come, if it is not held yet, or the one that is held is old.
    pub(super) fn hold(&self, now: Instant) {
        let now = self.millis(now);
        if now < self.fresh_until.load(Ordering::Relaxed) {
            return;
        }
        let connection = match self.connection.try_lock() {
            Ok(connection) => connection,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            // The writer is at work, or another reader does it.
            Err(TryLockError::WouldBlock) => return,
        };
        let fresh = u64::try_from(FRESH.as_millis()).unwrap_or(u64::MAX);
        self.fresh_until.store(now.saturating_add(fresh), Ordering::Relaxed);
        // Without it reads are slower, and say themselves what is wrong.
        drop(leave_any_transaction(&connection).and_then(|()| begin(&connection)));
    }

    /// Releases it, and holds none until the guard is dropped.
    pub(crate) fn released(&self) -> MutexGuard<'_, Connection> {
        let connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        self.fresh_until.store(0, Ordering::Relaxed);
        self.batches.fetch_add(1, Ordering::Relaxed);
        // One that cannot be released keeps the log longer than it need be.
        drop(leave_any_transaction(&connection));
        connection
    }

    /// Batches of commits that this store began.
    pub(super) fn batches(&self) -> u64 {
        self.batches.load(Ordering::Relaxed)
    }

    fn millis(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.opened).as_millis()).unwrap_or(u64::MAX)
    }
}

fn begin(connection: &Connection) -> Result<(), Failure> {
    begin_snapshot(connection)?;
    // The lock comes with the first look.
    Ok(connection.prepare_cached(LOOK)?.query_row([], |row| row.get::<_, i64>(0)).map(drop)?)
}
