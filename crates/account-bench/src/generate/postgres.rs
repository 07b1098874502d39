//! The bulk on PostgreSQL: the server makes the rows by itself. Indexes and references are taken
//! away first and built again at the end, from the server's own definitions. Rows lie where they were put, so
//! the usable accounts are taken out first and put among the others, each in its turn. A row that is changed moves to
//! the table's end for want of room, so a load brings them together again, whatever the number of accounts.

use std::str::FromStr;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection, Row};

use super::Bulk;
use super::manifest::LastNumbers;
use crate::Outcome;

/// What is said of the progress: once in so many accounts.
const TOGETHER: i64 = 500_000;

const TABLES: &str = "('account', 'api_key', 'session', 'activity')";

/// Name and definition of each index that is not a constraint's.
const INDEXES: &str = "SELECT indexname::text, indexdef FROM pg_indexes WHERE schemaname = current_schema()
    AND indexname NOT IN (SELECT conname FROM pg_constraint) AND tablename IN ";

/// Table, name and definition of each reference to another table.
const REFERENCES: &str = "SELECT conrelid::regclass::text, conname::text, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE contype = 'f' AND conrelid::regclass::text IN ";

const TAKE_OUT: &str = "CREATE TEMPORARY TABLE usable_account AS SELECT * FROM account;
    CREATE TEMPORARY TABLE usable_api_key AS SELECT * FROM api_key;
    CREATE TEMPORARY TABLE usable_activity AS SELECT * FROM activity;
    CREATE INDEX ON usable_activity (subject);
    TRUNCATE account, api_key, activity CASCADE";

/// Numbers are multiplied by $1, and the rows come back when their turn has come.
const SPREAD: [&str; 2] = [
    "UPDATE usable_account SET id = id * $1",
    "UPDATE usable_api_key SET number = number * $1, account = account * $1",
];
const PUT_BACK: [&str; 3] = [
    "INSERT INTO account OVERRIDING SYSTEM VALUE SELECT * FROM usable_account WHERE id = $1",
    "INSERT INTO api_key OVERRIDING SYSTEM VALUE SELECT * FROM usable_api_key WHERE account = $1",
    "INSERT INTO activity OVERRIDING SYSTEM VALUE SELECT usable_activity.* FROM usable_activity
     JOIN usable_account ON usable_account.uid = usable_activity.subject WHERE usable_account.id = $1",
];

/// $1 to $2 are the accounts' numbers. Account `i` is of the time $3 + i * $4.
macro_rules! time {
    () => {
        "$3 + i * $4"
    };
}

const ACCOUNTS: &str = concat!(
    "INSERT INTO account (id, uid, revision, password_epoch, factor_epoch, username, email,
        email_canonical, email_verified_at, first_name, last_name, language, admin, created_at, password)
    OVERRIDING SYSTEM VALUE
    SELECT i, uuid_send(gen_random_uuid()), 1, 1, 1, 'filler' || i, 'filler' || i || '@example.com',
        'filler' || i || '@example.com', ",
    time!(),
    ", 'Filler', 'Account', 'en', FALSE, ",
    time!(),
    ", $5 FROM generate_series($1::bigint, $2::bigint) AS n (i)"
);

const KEYS: &str = concat!(
    "INSERT INTO api_key (number, account, identifier, description, allowed_ips, secret, mac, created_at)
    OVERRIDING SYSTEM VALUE
    SELECT i, i, ",
    identifier!("i", time!()),
    ", 'filler', '[]', sha256(uuid_send(gen_random_uuid())), $5 || sha256(uuid_send(gen_random_uuid())), ",
    time!(),
    " FROM generate_series($1::bigint, $2::bigint) AS n (i)"
);

const SESSIONS: &str = "INSERT INTO session (number, account, id, token, mac, password_epoch, ip, user_agent,
        created_at, last_seen_at)
    OVERRIDING SYSTEM VALUE
    SELECT i, i, uuid_send(gen_random_uuid()), sha256(uuid_send(gen_random_uuid())),
        $5 || sha256(uuid_send(gen_random_uuid())), 1, '192.0.2.1',
        'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0', $3 - i % 800000 * 1000, $4
    FROM generate_series($1::bigint, $2::bigint) AS n (i)";

/// Two entries an account: as many as a usable one has.
const ACTIVITIES: &str = concat!(
    "INSERT INTO activity (id, subject, actor, event, ip, properties, at)
    SELECT uuid_send(gen_random_uuid()), uid, CASE kind WHEN 0 THEN NULL ELSE uid END,
        CASE kind WHEN 0 THEN 'user:account.created' ELSE 'user:api-key.create' END,
        CASE kind WHEN 0 THEN NULL ELSE '192.0.2.1' END,
        CASE kind WHEN 0 THEN '[]' ELSE '[[\"identifier\",\"' || ",
    identifier!("i", time!()),
    " || '\"]]' END, ",
    time!(),
    " FROM account, generate_series(0, 1) AS k (kind), LATERAL (SELECT account.id) AS n (i)
    WHERE account.id BETWEEN $1 AND $2 ORDER BY account.id, kind"
);

const SEQUENCES: &str =
    "SELECT setval(pg_get_serial_sequence('account', 'id'), (SELECT max(id) FROM account)),
    setval(pg_get_serial_sequence('api_key', 'number'), (SELECT max(number) FROM api_key)),
    setval(pg_get_serial_sequence('session', 'number'), (SELECT coalesce(max(number), 1) FROM session))";

const LAST_NUMBERS: &str = "SELECT (SELECT max(number) FROM api_key),
    (SELECT coalesce(max(number), 0) FROM session), (SELECT max(number) FROM activity)";

/// Makes the database that the URL names, unless it is there.
pub(super) async fn create_database(url: &str) -> Outcome<()> {
    let (mut connection, name) = maintenance(url).await?;
    let there = sqlx::query("SELECT 1 FROM pg_database WHERE datname = $1").bind(&name);
    if there.fetch_optional(&mut connection).await?.is_none() {
        run(&mut connection, format!("CREATE DATABASE {name}")).await?;
    }
    Ok(connection.close().await?)
}

/// Takes the database away that the URL names.
///
/// # Errors
/// When somebody still uses it.
pub(crate) async fn drop_database(url: &str) -> Outcome<()> {
    let (mut connection, name) = maintenance(url).await?;
    run(&mut connection, format!("DROP DATABASE IF EXISTS {name}")).await?;
    Ok(connection.close().await?)
}

/// A connection to the database that every server has, and the name of the one that is meant.
async fn maintenance(url: &str) -> Outcome<(PgConnection, String)> {
    let options = PgConnectOptions::from_str(url)?;
    let name = options.get_database().ok_or("the URL names no database")?.to_owned();
    // It is put into a statement as it stands.
    if !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Err("the database's name must be lower-case letters, digits and underscores".into());
    }
    Ok((PgConnection::connect_with(&options.database("postgres")).await?, name))
}

/// Fills the tables; only the usable accounts are there.
pub(super) async fn fill(url: &str, bulk: &Bulk) -> Outcome<LastNumbers> {
    let mut connection = PgConnection::connect(url).await?;
    run(&mut connection, "SET synchronous_commit = off; SET maintenance_work_mem = '512MB'".to_owned())
        .await?;
    let indexes = pairs(&mut connection, format!("{INDEXES}{TABLES}")).await?;
    let references = triples(&mut connection, format!("{REFERENCES}{TABLES}")).await?;
    for (table, name, _) in &references {
        run(&mut connection, format!("ALTER TABLE {table} DROP CONSTRAINT {name}")).await?;
    }
    for (name, _) in &indexes {
        run(&mut connection, format!("DROP INDEX {name}")).await?;
    }
    insert(&mut connection, bulk).await?;
    sqlx::query(SEQUENCES).execute(&mut connection).await?;
    for (name, definition) in indexes {
        eprintln!("account-bench: {name}");
        run(&mut connection, definition).await?;
    }
    for (table, name, definition) in references {
        eprintln!("account-bench: {name}");
        run(&mut connection, format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")).await?;
    }
    // What a server does by itself in time, and then in the middle of a measurement.
    run(&mut connection, "VACUUM ANALYZE".to_owned()).await?;
    let last = sqlx::query(LAST_NUMBERS).fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(LastNumbers { api_key: last.try_get(0)?, session: last.try_get(1)?, activity: last.try_get(2)? })
}

async fn insert(connection: &mut PgConnection, bulk: &Bulk) -> Outcome<()> {
    let (step, usable) = (bulk.plan.step()?, i64::try_from(bulk.plan.usable)?);
    sqlx::raw_sql(TAKE_OUT).execute(&mut *connection).await?;
    for statement in SPREAD {
        sqlx::query(statement).bind(step).execute(&mut *connection).await?;
    }
    let mut before = 0;
    for place in (1..=usable).map(|number| number * step) {
        fill_up(connection, bulk, before + 1, place - 1).await?;
        for statement in PUT_BACK {
            sqlx::query(statement).bind(place).execute(&mut *connection).await?;
        }
        if place / TOGETHER > before / TOGETHER {
            eprintln!("account-bench: {place} of {} accounts", bulk.plan.accounts);
        }
        before = place;
    }
    fill_up(connection, bulk, before + 1, i64::try_from(bulk.plan.accounts)?).await
}

/// The accounts from `first` to `last`, which nobody can use.
async fn fill_up(connection: &mut PgConnection, bulk: &Bulk, first: i64, last: i64) -> Outcome<()> {
    let (mac, begin) = (bulk.mac_prefix(), bulk.plan.begin()?);
    let bound = |statement: &'static str, time: i64, other: i64| {
        sqlx::query(statement).bind(first).bind(last).bind(time).bind(other)
    };
    bound(ACCOUNTS, begin, bulk.plan.interval).bind(&bulk.password).execute(&mut *connection).await?;
    bound(KEYS, begin, bulk.plan.interval).bind(mac).execute(&mut *connection).await?;
    bound(SESSIONS, bulk.plan.now, bulk.seen).bind(mac).execute(&mut *connection).await?;
    bound(ACTIVITIES, begin, bulk.plan.interval).execute(&mut *connection).await?;
    Ok(())
}

/// Takes away what came after the generated rows.
pub(super) async fn tidy(url: &str, last: LastNumbers) -> Outcome<()> {
    let mut connection = PgConnection::connect(url).await?;
    for (statement, number) in [
        ("DELETE FROM api_key WHERE number > $1", last.api_key),
        ("DELETE FROM session WHERE number > $1", last.session),
        ("DELETE FROM activity WHERE number > $1", last.activity),
    ] {
        sqlx::query(statement).bind(number).execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}

/// Statements made of names and definitions that the server itself gave.
async fn run(connection: &mut PgConnection, statement: String) -> Outcome<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(connection).await?;
    Ok(())
}

async fn pairs(connection: &mut PgConnection, question: String) -> Outcome<Vec<(String, String)>> {
    let rows = sqlx::query(AssertSqlSafe(question)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

async fn triples(connection: &mut PgConnection, question: String) -> Outcome<Vec<(String, String, String)>> {
    let rows = sqlx::query(AssertSqlSafe(question)).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}
