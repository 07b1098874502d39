//! How every connection is opened: what keeps an acknowledged write through `kill -9` and loss of
//! power (REL-01) is set, and read back, since SQLite ignores a pragma that it does not like.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use crate::failure::is_busy;
use crate::open::OpenError;
use crate::schema;

/// How long one wait for another process' write goes on, in steps of [`BUSY_STEP`].
const BUSY_STEPS: i32 = 5_000;
const BUSY_STEP: Duration = Duration::from_millis(1);
/// How often the switch to the write-ahead log is tried: SQLite does not wait for it by itself.
const SWITCHES: u32 = 1_000;
const CACHED_STATEMENTS: usize = 128;

/// How much of the database the writer keeps in memory, at most: the inner pages of large indexes, so that a
/// commit asks the system for outer ones alone.
const WRITER_CACHE_KIB: i64 = 32 * 1024;

/// The connection of the writer thread.
pub(crate) fn open_writer(path: &Path, max_pages: Option<u32>) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    schema::refuse_what_is_not_ours(&connection)?;
    switch_to_write_ahead_log(&connection)?;
    configure(&connection)?;
    set_cache(&connection, WRITER_CACHE_KIB)?;
    // The log is brought in beside the writer, and not inside its commits.
    set(&connection, "wal_autocheckpoint", "0", 0)?;
    if let Some(pages) = max_pages {
        let limit: i64 =
            connection.pragma_update_and_check(None, "max_page_count", pages, |row| row.get(0))?;
        if limit != i64::from(pages) {
            return Err(OpenError::Setting("max_page_count"));
        }
    }
    Ok(connection)
}

/// The connection that brings the log into the database.
pub(crate) fn open_checkpointer(path: &Path) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    configure(&connection)?;
    Ok(connection)
}

/// A connection for reading, that keeps so much of the database in memory. Not opened read-only: after a
/// crash of another process, whoever comes next must be able to recover the write-ahead log.
pub(crate) fn open_reader(path: &Path, cache_kib: i64) -> Result<Connection, OpenError> {
    let connection = open(path)?;
    configure(&connection)?;
    set_cache(&connection, cache_kib)?;
    set(&connection, "query_only", "ON", 1)?;
    Ok(connection)
}

fn open(path: &Path) -> Result<Connection, OpenError> {
    // Without the URI flag, a path that begins with `file:` is a path.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_handler(Some(wait_for_the_other))?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    Ok(connection)
}

fn switch_to_write_ahead_log(connection: &Connection) -> Result<(), OpenError> {
    for step in 0.. {
        match connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0)) {
            Ok(mode) if mode == "wal" => break,
            Ok(_) => return Err(OpenError::Setting("journal_mode")),
            Err(busy) if is_busy(&busy) && step < SWITCHES => pause(BUSY_STEP),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn configure(connection: &Connection) -> Result<(), OpenError> {
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::Setting("journal_mode"));
    }
    // FULL: with NORMAL, a loss of power takes back commits that were acknowledged.
    set(connection, "synchronous", "FULL", 2)?;
    set(connection, "foreign_keys", "ON", 1)?;
    // No value of a statement ever goes to a file outside of the database's folder.
    set(connection, "temp_store", "MEMORY", 2)?;
    // A schema that somebody tampered with runs no functions.
    set(connection, "trusted_schema", "OFF", 0)
}

fn set_cache(connection: &Connection, kib: i64) -> Result<(), OpenError> {
    // SQLite counts in pages above zero, and in KiB below.
    let cache = kib.saturating_neg();
    set(connection, "cache_size", &cache.to_string(), cache)
}

fn set(connection: &Connection, pragma: &'static str, value: &str, read_back: i64) -> Result<(), OpenError> {
    connection.pragma_update(None, pragma, value)?;
    let now: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    if now == read_back { Ok(()) } else { Err(OpenError::Setting(pragma)) }
}

/// SQLite's own busy timeout waits up to 100 ms between two looks, and hardly ever meets the short
/// moments in which a busy server leaves the lock to a command-line program beside it.
fn wait_for_the_other(step: i32) -> bool {
    let go_on = step < BUSY_STEPS;
    if go_on {
        pause(BUSY_STEP);
    }
    go_on
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for another process' file lock, which has no other signal"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rel_01_each_connection_has_the_durable_settings() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.db");
        std::fs::write(&path, b"").unwrap();
        let writer = open_writer(&path, Some(500)).unwrap();
        let reader = open_reader(&path, 4096).unwrap();
        for (connection, query_only) in [(&writer, 0), (&reader, 1)] {
            let number =
                |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
            let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
            assert_eq!(mode, "wal");
            assert_eq!(number("synchronous"), 2);
            assert_eq!(number("foreign_keys"), 1);
            assert_eq!(number("temp_store"), 2);
            assert_eq!(number("trusted_schema"), 0);
            assert_eq!(number("query_only"), query_only);
        }
        let of_the_writer =
            |pragma| writer.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(of_the_writer("max_page_count"), 500);
        assert_eq!(of_the_writer("wal_autocheckpoint"), 0);
        assert_eq!(of_the_writer("cache_size"), -WRITER_CACHE_KIB);
    }

    #[test]
    fn a_setting_that_does_not_stick_is_an_error() {
        let connection = Connection::open_in_memory().unwrap();
        assert!(matches!(configure(&connection), Err(OpenError::Setting("journal_mode"))));
    }
}
