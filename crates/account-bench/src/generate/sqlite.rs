//! The bulk on SQLite. Indexes are taken away first and built again, each in one sort; their text is the
//! schema's own. An index that was built has no room in its pages, so that each new row divides one, which a
//! database that grew does once in dozens of rows. So the last accounts come when the indexes stand.

use std::ops::Range;
use std::path::Path;

use rusqlite::{Connection, params};

use super::Bulk;
use super::manifest::LastNumbers;
use crate::Outcome;

/// Accounts written in one transaction.
const TOGETHER: u64 = 500_000;

/// One account in so many comes when the indexes stand; there are then a few new rows for each page of an index.
const LATE: u64 = 20;

const INDEXES: &str = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL
                       AND tbl_name IN ('account', 'api_key', 'session', 'activity')";

/// Numbers of the usable accounts are spread over the whole table, as the times of their keys are, so that reading
/// them touches what reading any account would. Twice negative, since a number may not be taken while it changes.
const SPREAD: &str = "UPDATE account SET id = -id * ?1;
    UPDATE account SET id = -id;
    UPDATE api_key SET account = account * ?1";

/// ?1 to ?2 are the accounts' numbers; every ?3rd of the first ?4 times ?3 is there already. Account `i` is of the
/// time ?5 + i * ?6.
macro_rules! numbers {
    () => {
        "WITH RECURSIVE n (i) AS (SELECT ?1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2),
              new (i) AS (SELECT i FROM n WHERE i % ?3 <> 0 OR i > ?3 * ?4) "
    };
}

macro_rules! time {
    () => {
        "?5 + i * ?6"
    };
}

const ACCOUNTS: &str = concat!(
    "INSERT INTO account (id, uid, revision, password_epoch, factor_epoch, username, email, email_canonical,
                          email_verified_at, first_name, last_name, language, admin, created_at, password) ",
    numbers!(),
    "SELECT i, randomblob(16), 1, 1, 1, 'filler' || i, 'filler' || i || '@example.com',
            'filler' || i || '@example.com', ",
    time!(),
    ", 'Filler', 'Account', 'en', 0, ",
    time!(),
    ", ?7 FROM new"
);

/// A key's number is an eighth of its identifier's in base 62.
const KEYS: &str = concat!(
    "INSERT INTO api_key (number, account, identifier, description, allowed_ips, secret, mac, created_at) ",
    numbers!(),
    "SELECT (",
    time!(),
    ") * 1847042 + ",
    in_place_of_random!("i"),
    " / 8, i, ",
    identifier!("i", time!()),
    ", 'filler', '[]', randomblob(32), unhex(hex(?7) || hex(randomblob(32))), ",
    time!(),
    " FROM new"
);

/// None is older than nine days, since the oldest would run out while the database is kept.
const SESSIONS: &str = concat!(
    "INSERT INTO session (number, account, id, token, mac, password_epoch, ip, user_agent, created_at,
                          last_seen_at) ",
    numbers!(),
    "SELECT i, i, randomblob(16), randomblob(32), unhex(hex(?7) || hex(randomblob(32))), 1, '192.0.2.1',
            'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
            ?5 - i % 800000 * 1000, ?6 FROM new"
);

/// Two entries an account: as many as a usable one has.
const ACTIVITIES: &str = concat!(
    "INSERT INTO activity (id, subject, actor, event, ip, properties, at) ",
    numbers!(),
    "SELECT randomblob(16), uid, CASE kind WHEN 0 THEN NULL ELSE uid END,
            CASE kind WHEN 0 THEN 'user:account.created' ELSE 'user:api-key.create' END,
            CASE kind WHEN 0 THEN NULL ELSE '192.0.2.1' END,
            CASE kind WHEN 0 THEN '[]' ELSE '[[\"identifier\",\"' || ",
    identifier!("i", time!()),
    " || '\"]]' END, ",
    time!(),
    " FROM new JOIN account ON account.id = i, (SELECT 0 AS kind UNION ALL SELECT 1)"
);

/// Fills the tables; only the usable accounts are there.
pub(super) fn fill(path: &Path, bulk: &Bulk) -> Outcome<LastNumbers> {
    let connection = Connection::open(path)?;
    // All or nothing is not wanted here: what fails half-way is thrown away.
    connection.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         PRAGMA cache_size = -1000000; PRAGMA threads = 4; PRAGMA foreign_keys = OFF;",
    )?;
    let indexes = indexes(&connection)?;
    for (name, _) in &indexes {
        connection.execute_batch(&format!("DROP INDEX {name}"))?;
    }
    let step = bulk.plan.step()?;
    spread(&connection, step)?;
    let late = bulk.plan.accounts - bulk.plan.accounts / LATE + 1;
    insert(&connection, bulk, step, 1..late)?;
    for (name, sql) in &indexes {
        eprintln!("account-bench: {name}");
        connection.execute_batch(sql)?;
    }
    insert(&connection, bulk, step, late..bulk.plan.accounts + 1)?;
    connection.execute_batch(
        "UPDATE sqlite_sequence SET seq = (SELECT max(id) FROM account) WHERE name = 'account';
         PRAGMA journal_mode = WAL;",
    )?;
    last_numbers(&connection)
}

fn indexes(connection: &Connection) -> Outcome<Vec<(String, String)>> {
    let mut statement = connection.prepare(INDEXES)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn spread(connection: &Connection, step: i64) -> Outcome<()> {
    for statement in SPREAD.split(';') {
        let mut statement = connection.prepare(statement)?;
        // One of them only turns the sign around.
        match statement.parameter_count() {
            0 => statement.execute([])?,
            _ => statement.execute([step])?,
        };
    }
    Ok(())
}

fn insert(connection: &Connection, bulk: &Bulk, step: i64, accounts: Range<u64>) -> Outcome<()> {
    let (mac, usable) = (bulk.mac_prefix(), i64::try_from(bulk.plan.usable)?);
    let (begin, interval) = (bulk.plan.begin()?, bulk.plan.interval);
    let mut from = accounts.start;
    while from < accounts.end {
        let next = accounts.end.min(from + TOGETHER);
        let (first, last) = (i64::try_from(from)?, i64::try_from(next - 1)?);
        connection.execute_batch("BEGIN")?;
        connection.execute(ACCOUNTS, params![first, last, step, usable, begin, interval, bulk.password])?;
        connection.execute(KEYS, params![first, last, step, usable, begin, interval, mac])?;
        connection.execute(SESSIONS, params![first, last, step, usable, bulk.plan.now, bulk.seen, mac])?;
        connection.execute(ACTIVITIES, params![first, last, step, usable, begin, interval])?;
        connection.execute_batch("COMMIT")?;
        eprintln!("account-bench: {last} of {} accounts", bulk.plan.accounts);
        from = next;
    }
    Ok(())
}

fn last_numbers(connection: &Connection) -> Outcome<LastNumbers> {
    let last = |statement| connection.query_row(statement, [], |row| row.get::<_, Option<i64>>(0));
    Ok(LastNumbers {
        api_key: last("SELECT max(number) FROM api_key")?.unwrap_or(0),
        session: last("SELECT max(number) FROM session")?.unwrap_or(0),
        activity: last("SELECT max(number) FROM activity")?.unwrap_or(0),
    })
}

/// Takes away what came after the generated rows.
pub(super) fn tidy(path: &Path, last: LastNumbers) -> Outcome<()> {
    let connection = Connection::open(path)?;
    connection.execute("DELETE FROM api_key WHERE number > ?1", [last.api_key])?;
    connection.execute("DELETE FROM session WHERE number > ?1", [last.session])?;
    connection.execute("DELETE FROM activity WHERE number > ?1", [last.activity])?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    Ok(())
}
