//! The schema: numbered SQL files, embedded, applied together in one transaction. Forward only
//! (REL-09): a database that knows a number that this program does not is refused, and so is one
//! whose applied files were not these.

use account_core::id::Digest;
use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior};

use crate::open::OpenError;

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "accounts", sql: include_str!("../schema/0001_accounts.sql") },
    Migration { number: 2, name: "idempotency", sql: include_str!("../schema/0002_idempotency.sql") },
];

const LEDGER: &str = "CREATE TABLE schema_migration (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL,
    digest BLOB NOT NULL
) STRICT";

/// How much there is, and whether the ledger is among it. One statement: another process may make all of it
/// between two.
const STANDING: &str = "SELECT count(*), count(*) FILTER (WHERE type = 'table' AND name = 'schema_migration')
    FROM sqlite_schema";
const NEWEST: &str = "SELECT max(number) FROM schema_migration";
const DIGEST: &str = "SELECT digest FROM schema_migration WHERE number = ?1";
const NOTE: &str = "INSERT INTO schema_migration (number, name, digest) VALUES (?1, ?2, ?3)";

/// Before anything is written to a file that may be somebody else's.
pub(crate) fn refuse_what_is_not_ours(connection: &Connection) -> Result<(), OpenError> {
    is_current(connection).map(drop)
}

/// Brings the schema to this program's. Any number of processes may do so at once.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    // A command beside a busy server need not wait for the write lock to see that all is well.
    if is_current(connection)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    if is_current(&transaction)? {
        return Ok(());
    }
    if standing(&transaction)? == Standing::Empty {
        transaction.execute_batch(LEDGER)?;
    }
    for Migration { number, name, sql } in MIGRATIONS {
        if applied(&transaction, *number)?.is_none() {
            transaction.execute_batch(sql)?;
            transaction.execute(NOTE, (number, name, Digest::of(sql.as_bytes()).as_bytes()))?;
        }
    }
    Ok(transaction.commit()?)
}

/// Whether all is applied and nothing else.
fn is_current(connection: &Connection) -> Result<bool, OpenError> {
    match standing(connection)? {
        Standing::Empty => return Ok(false),
        Standing::Foreign => return Err(OpenError::Foreign),
        Standing::Ours => {}
    }
    let known = MIGRATIONS.last().map_or(0, |newest| newest.number);
    let found = connection.query_row(NEWEST, [], |row| row.get::<_, Option<i64>>(0))?.unwrap_or(0);
    if found > known {
        return Err(OpenError::Newer { found, known });
    }
    for Migration { number, sql, .. } in MIGRATIONS {
        match applied(connection, *number)? {
            None => return Ok(false),
            Some(digest) if digest == Digest::of(sql.as_bytes()).as_bytes() => {}
            Some(_) => return Err(OpenError::Altered { number: *number }),
        }
    }
    Ok(true)
}

fn applied(connection: &Connection, number: i64) -> rusqlite::Result<Option<Vec<u8>>> {
    connection.query_row(DIGEST, [number], |row| row.get(0)).optional()
}

/// Whose a database is.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    Empty,
    Ours,
    Foreign,
}

fn standing(connection: &Connection) -> rusqlite::Result<Standing> {
    let (all, ledgers): (i64, i64) =
        connection.query_row(STANDING, [], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(match (all, ledgers) {
        (0, _) => Standing::Empty,
        (_, 0) => Standing::Foreign,
        _ => Standing::Ours,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_ascend_without_a_gap() {
        let numbers: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.number).collect();
        let expected: Vec<i64> = (1..).take(MIGRATIONS.len()).collect();
        assert_eq!(numbers, expected);
    }

    #[test]
    fn rel_09_every_older_schema_is_brought_to_the_present_one() {
        let objects = |connection: &Connection| -> Vec<String> {
            let mut read = connection
                .prepare("SELECT coalesce(sql, name) FROM sqlite_schema ORDER BY type, name")
                .unwrap();
            read.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
        };
        let mut fresh = Connection::open_in_memory().unwrap();
        migrate(&mut fresh).unwrap();
        for older in 1..MIGRATIONS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            connection.execute_batch(LEDGER).unwrap();
            for Migration { number, name, sql } in &MIGRATIONS[..older] {
                connection.execute_batch(sql).unwrap();
                let digest = Digest::of(sql.as_bytes());
                connection.execute(NOTE, (number, name, digest.as_bytes())).unwrap();
            }
            assert!(!is_current(&connection).unwrap());
            migrate(&mut connection).unwrap();
            assert!(is_current(&connection).unwrap());
            assert_eq!(objects(&connection), objects(&fresh), "from {older}");
        }
    }

    #[test]
    fn rel_09_a_migration_that_fails_leaves_nothing() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "max_page_count", 10).unwrap();
        assert!(migrate(&mut connection).is_err());
        assert_eq!(standing(&connection).unwrap(), Standing::Empty);
        connection.pragma_update(None, "max_page_count", 1000).unwrap();
        migrate(&mut connection).unwrap();
        assert!(is_current(&connection).unwrap());
    }
}
