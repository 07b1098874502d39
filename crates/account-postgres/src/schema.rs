//! The schema: numbered SQL files, embedded, each applied in a transaction of its own. Forward only
//! (REL-09): a database that knows a number that this program does not is refused, and so is one whose
//! applied files were not these.

use account_core::id::Digest;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Row as _, SqlStr};

use crate::failure::Failure;
use crate::open::OpenError;
use crate::statement::Draft;

struct Migration {
    number: i64,
    name: &'static str,
    sql: &'static str,
}

const MIGRATIONS: &[Migration] = &[
    Migration { number: 1, name: "accounts", sql: include_str!("../schema/0001_accounts.sql") },
    Migration { number: 2, name: "idempotency", sql: include_str!("../schema/0002_idempotency.sql") },
];

/// Taken by whoever changes the schema, until the end of its transaction. "account" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(27410107357032564)";
/// A migration of a big table takes its time, and the nodes that start meanwhile wait for it.
const PATIENCE: &str = "SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '10min'; \
                        SET LOCAL idle_in_transaction_session_timeout = 0";
const LEDGER: &str = "CREATE TABLE IF NOT EXISTS schema_migration (
    number BIGINT PRIMARY KEY,
    name   TEXT NOT NULL,
    digest TEXT NOT NULL -- SHA-256 of the file, in hexadecimal
)";
const HAS_LEDGER: &str = "SELECT to_regclass('schema_migration') IS NOT NULL";
const NOTE: &str = "INSERT INTO schema_migration (number, name, digest) VALUES ($1, $2, $3)";
const APPLIED: &str = "SELECT number, digest FROM schema_migration ORDER BY number";

/// The engine's own name, where it matters.
const ENGINE: &str = "SELECT version()";
/// Compares text byte by byte without being told, and refuses to be told. Its older versions have no
/// advisory locks: there the first node starts alone.
const COCKROACH: &str = "CockroachDB";
const COLLATION: &str = " COLLATE \"C\"";

/// Brings the schema to this program's. Any number of nodes may do so at once.
pub(crate) async fn migrate(connection: &mut PgConnection) -> Result<(), OpenError> {
    while !is_current(connection).await? {
        let engine = sqlx::raw_sql(ENGINE).fetch_one(&mut *connection).await.map_err(database)?;
        let cockroach = engine.try_get::<String, _>(0).map_err(database)?.contains(COCKROACH);
        control(connection, "BEGIN").await?;
        match apply_next(connection, cockroach).await {
            Ok(()) => control(connection, "COMMIT").await?,
            Err(error) => {
                // The error is what matters; the connection goes with it.
                let _ = control(connection, "ROLLBACK").await;
                return Err(error);
            }
        }
    }
    Ok(())
}

/// The first file that is not applied, if another node was not faster.
async fn apply_next(connection: &mut PgConnection, cockroach: bool) -> Result<(), OpenError> {
    if !cockroach {
        control(connection, PATIENCE).await?;
        control(connection, LOCK).await?;
    }
    if !has_ledger(connection).await? {
        control(connection, LEDGER).await?;
    }
    let applied = applied(connection).await?;
    let Some(next) = next(&applied)? else { return Ok(()) };
    let sql = if cockroach { without_collation(next.sql) } else { SqlStr::from_static(next.sql) };
    let applying = sqlx::raw_sql(sql).execute(&mut *connection).await;
    applying.map_err(|error| if is_taken(&error) { foreign(error) } else { database(error) })?;
    let note = sqlx::query(NOTE).bind(next.number).bind(next.name).bind(digest(next)).persistent(false);
    note.execute(connection).await.map_err(database)?;
    Ok(())
}

fn without_collation(sql: &'static str) -> SqlStr {
    let mut draft = Draft::of("");
    for part in sql.split(COLLATION) {
        draft.then(part);
    }
    draft.into_text()
}

/// Whether all is applied, and nothing else.
async fn is_current(connection: &mut PgConnection) -> Result<bool, OpenError> {
    Ok(has_ledger(connection).await? && next(&applied(connection).await?)?.is_none())
}

async fn has_ledger(connection: &mut PgConnection) -> Result<bool, OpenError> {
    let row = sqlx::raw_sql(HAS_LEDGER).fetch_one(connection).await.map_err(database)?;
    row.try_get(0).map_err(database)
}

async fn applied(connection: &mut PgConnection) -> Result<Vec<(i64, String)>, OpenError> {
    let rows = sqlx::raw_sql(APPLIED).fetch_all(connection).await.map_err(database)?;
    let read = |row: &PgRow| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(read).collect::<Result<_, _>>().map_err(database)
}

/// What is to be applied next, if what was applied is this program's.
fn next(applied: &[(i64, String)]) -> Result<Option<&'static Migration>, OpenError> {
    let known = MIGRATIONS.last().map_or(0, |newest| newest.number);
    if let Some((found, _)) = applied.last().filter(|(newest, _)| *newest > known) {
        return Err(OpenError::Newer { found: *found, known });
    }
    for migration in MIGRATIONS {
        match applied.iter().find(|(number, _)| *number == migration.number) {
            None => return Ok(Some(migration)),
            Some((_, found)) if *found == digest(migration) => {}
            Some(_) => return Err(OpenError::Altered { number: migration.number }),
        }
    }
    Ok(None)
}

fn digest(migration: &Migration) -> String {
    Digest::of(migration.sql.as_bytes()).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn control(connection: &mut PgConnection, text: &'static str) -> Result<(), OpenError> {
    sqlx::raw_sql(text).execute(connection).await.map(drop).map_err(database)
}

/// `duplicate_table`.
fn is_taken(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "42P07")
}

fn foreign(error: sqlx::Error) -> OpenError {
    OpenError::Foreign(Failure::from(error).into_cause())
}

fn database(error: sqlx::Error) -> OpenError {
    OpenError::Database(Failure::from(error).into_cause())
}

/// The schema's name: another for each set of files.
#[cfg(any(test, feature = "scratch"))]
pub(crate) fn fingerprint() -> String {
    let all: String = MIGRATIONS.iter().map(|migration| migration.sql).collect();
    let digest = Digest::of(all.as_bytes());
    digest.as_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
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

    #[tokio::test]
    async fn the_schema_stands_without_collations_too() {
        let database = crate::scratch::ScratchDatabase::empty().await.unwrap();
        let mut connection = <PgConnection as sqlx::Connection>::connect(&database.url()).await.unwrap();
        for migration in MIGRATIONS {
            let sql = without_collation(migration.sql);
            assert!(!sql.as_str().contains("COLLATE"));
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        }
    }

    #[tokio::test]
    async fn rel_09_a_database_of_the_first_schema_is_brought_to_the_present_one() {
        let database = crate::scratch::ScratchDatabase::empty().await.unwrap();
        let mut connection = <PgConnection as sqlx::Connection>::connect(&database.url()).await.unwrap();
        let first = &MIGRATIONS[0];
        control(&mut connection, LEDGER).await.unwrap();
        control(&mut connection, first.sql).await.unwrap();
        let note = sqlx::query(NOTE).bind(first.number).bind(first.name).bind(digest(first));
        note.execute(&mut connection).await.unwrap();
        migrate(&mut connection).await.unwrap();
        assert!(is_current(&mut connection).await.unwrap());
    }

    #[test]
    fn rel_09_a_newer_schema_and_an_altered_file_are_refused() {
        let ours: Vec<(i64, String)> = MIGRATIONS.iter().map(|ours| (ours.number, digest(ours))).collect();
        for applied in 0..ours.len() {
            let number = next(&ours[..applied]).unwrap().map(|migration| migration.number);
            assert_eq!(number, Some(MIGRATIONS[applied].number), "one after the other");
        }
        assert!(next(&ours).unwrap().is_none());
        assert!(matches!(next(&[(1, "00".into())]), Err(OpenError::Altered { number: 1 })));
        let newer = next(&[ours, vec![(99, "00".into())]].concat());
        assert!(matches!(newer, Err(OpenError::Newer { found: 99, .. })));
    }
}
