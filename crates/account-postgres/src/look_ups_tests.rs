//! Look-ups over statements that take their time, so that it is known who waits for whom.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{FutureExt as _, join, join_all};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection as _, Row as _};
use tokio::time::Instant;

use account_core::store::StoreError;

use crate::connections::{Connections, Dialler};
use crate::failure::Failure;
use crate::look_ups::{LookUps, Question};
use crate::open::PostgresOptions;
use crate::scratch::ScratchDatabase;

/// Answers with the key, its value, and which statement read it; a pause comes after the reading.
const SLOW: &str = "CREATE TABLE thing (key text PRIMARY KEY, value text NOT NULL);
    INSERT INTO thing SELECT 'key ' || n, 'value ' || n FROM generate_series(1, 100) AS n;
    CREATE FUNCTION slow_thing(keys text[]) RETURNS TABLE (key text, value text, statement text)
    LANGUAGE plpgsql AS $$ BEGIN
        IF 'broken' = ANY(keys) THEN RAISE EXCEPTION 'a page is broken' USING ERRCODE = 'XX001'; END IF;
        RETURN QUERY SELECT thing.key, thing.value, pg_current_xact_id()::text FROM thing
                     WHERE thing.key = ANY(keys);
        PERFORM pg_sleep(0.5);
    END $$";

const PAUSE: Duration = Duration::from_millis(500);

const SLOW_THING: Question = Question {
    one: "SELECT key, value, statement FROM slow_thing(ARRAY[$1])",
    many: "SELECT key, value, statement FROM slow_thing($1)",
    key: 0,
};

type Things = Arc<LookUps<String>>;

async fn slow_things(database: &ScratchDatabase, options: &PostgresOptions) -> Things {
    let mut connection = PgConnection::connect(&database.url()).await.unwrap();
    sqlx::raw_sql(SLOW).execute(&mut connection).await.unwrap();
    let (dialler, first) = Dialler::find(&database.url(), options).await.unwrap();
    LookUps::new(&Connections::new(dialler, first, options), SLOW_THING)
}

/// Until so many statements have read, and are on their pause.
async fn until_pausing(statements: i64, beside: &mut PgConnection) {
    let counted = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event = 'PgSleep'";
    let begun = Instant::now();
    while sqlx::query_scalar::<_, i64>(counted).fetch_one(&mut *beside).await.unwrap() < statements {
        assert!(begun.elapsed() < PAUSE * 20, "there are never {statements} statements on their way");
    }
}

fn cell(row: &PgRow, column: &str) -> String {
    row.get(column)
}

fn key(n: usize) -> String {
    format!("key {n}")
}

#[tokio::test]
async fn those_who_wait_are_asked_for_in_one_statement() {
    let database = ScratchDatabase::empty().await.unwrap();
    let things = slow_things(&database, &PostgresOptions::new().max_connections(1)).await;
    // One in three is not there, and each that is there is asked for twice.
    let asked: Vec<usize> = (1..=60).chain(1..=60).map(|n| if n % 3 == 0 { n + 1000 } else { n }).collect();
    let rows = join_all(asked.iter().map(|&n| things.find(key(n)))).await;
    let mut statements = HashSet::new();
    for (n, row) in asked.into_iter().zip(rows) {
        match row.unwrap() {
            Some(row) => {
                assert_eq!((cell(&row, "key"), cell(&row, "value")), (key(n), format!("value {n}")));
                statements.insert(cell(&row, "statement"));
            }
            None => assert!(n > 1000, "{n} was not found"),
        }
    }
    // The first by itself, and of the others 64 at once.
    assert_eq!(statements.len(), 3);
}

#[tokio::test]
async fn slow_statements_are_not_waited_for_while_there_are_connections() {
    let database = ScratchDatabase::empty().await.unwrap();
    let things = slow_things(&database, &PostgresOptions::new().max_connections(16)).await;
    let mut beside = PgConnection::connect(&database.url()).await.unwrap();
    // Four would be on their way, and the others behind them.
    let asked = join_all((1..=40).map(|n| things.find(key(n))));
    let (found, ()) = join(asked, until_pausing(5, &mut beside)).await;
    assert!(found.into_iter().all(|found| found.unwrap().is_some()));
}

#[tokio::test]
async fn a_look_up_sees_what_was_committed_before_it_came() {
    let database = ScratchDatabase::empty().await.unwrap();
    let things = slow_things(&database, &PostgresOptions::new().max_connections(1)).await;
    let mut beside = PgConnection::connect(&database.url()).await.unwrap();
    let change_and_look_again = async {
        until_pausing(1, &mut beside).await;
        sqlx::raw_sql("UPDATE thing SET value = 'changed'").execute(&mut beside).await.unwrap();
        join(things.find(key(1)), things.find(key(2))).await
    };
    let (before, (after, beside_it)) = join(things.find(key(1)), change_and_look_again).await;
    assert_eq!(cell(&before.unwrap().unwrap(), "value"), "value 1");
    assert_eq!(cell(&after.unwrap().unwrap(), "value"), "changed");
    assert_eq!(cell(&beside_it.unwrap().unwrap(), "value"), "changed");
}

#[tokio::test]
async fn what_is_stored_broken_fails_alone() {
    let database = ScratchDatabase::empty().await.unwrap();
    let things = slow_things(&database, &PostgresOptions::new().max_connections(1)).await;
    let asked = [key(1), key(2), "broken".to_owned(), key(3)];
    let found = join_all(asked.iter().map(|key| things.find(key.clone()))).await;
    for (asked, found) in asked.iter().zip(found) {
        match found {
            Ok(row) => assert_eq!(cell(&row.unwrap(), "key"), *asked),
            Err(failure) => {
                assert_eq!(asked, "broken");
                assert!(matches!(failure.into_store_error(), StoreError::Corrupt(_)));
            }
        }
    }
}

#[tokio::test]
async fn rel_05_nobody_waits_for_a_turn_longer_than_for_a_connection() {
    let database = ScratchDatabase::empty().await.unwrap();
    let options = PostgresOptions::new().max_connections(1).acquire_timeout(PAUSE / 4);
    let things = slow_things(&database, &options).await;
    let begun = Instant::now();
    let (first, second) = join(things.find(key(1)), async {
        let second = things.find(key(2)).await;
        (second, begun.elapsed())
    })
    .await;
    assert!(first.unwrap().is_some());
    let (second, waited) = second;
    assert!(matches!(second, Err(Failure::Verdict(StoreError::Unavailable(_)))), "{second:?}");
    assert!((PAUSE / 4..PAUSE).contains(&waited), "{waited:?}");
    assert!(things.find(key(3)).await.unwrap().is_some());
}

#[tokio::test]
async fn rel_08_who_goes_away_leaves_the_turn_to_those_who_wait() {
    let database = ScratchDatabase::empty().await.unwrap();
    let things = slow_things(&database, &PostgresOptions::new().max_connections(2)).await;
    for gone_after in [0, 20, 60, 520, 560] {
        let gone: Vec<_> = (1..=30)
            .map(|n| {
                let things = Arc::clone(&things);
                tokio::spawn(async move { things.find(key(n)).await })
            })
            .collect();
        let staying: Vec<_> = (31..=60)
            .map(|n| {
                let things = Arc::clone(&things);
                tokio::spawn(async move { things.find(key(n)).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(gone_after)).await;
        gone.iter().for_each(tokio::task::JoinHandle::abort);
        for (n, staying) in (31..).zip(staying) {
            assert_eq!(cell(&staying.await.unwrap().unwrap().unwrap(), "key"), key(n));
        }
    }
    assert!(things.is_at_rest());
}

#[tokio::test]
async fn rel_08_who_goes_away_outside_of_the_runtime_leaves_the_turn_to_those_who_wait() {
    let database = ScratchDatabase::empty().await.unwrap();
    let things = slow_things(&database, &PostgresOptions::new().max_connections(2)).await;
    let holding = || {
        let things = Arc::clone(&things);
        Box::pin(async move { things.find(key(1)).await })
    };
    let mut holders = [holding(), holding()];
    for holder in &mut holders {
        assert!(holder.as_mut().now_or_never().is_none());
    }
    let mut waiting = pin!(join_all((1..=100).map(|n| things.find(key(n)))));
    assert!(waiting.as_mut().now_or_never().is_none());
    std::thread::spawn(move || drop(holders)).join().unwrap();
    for (n, found) in (1..).zip(waiting.await) {
        assert_eq!(cell(&found.unwrap().unwrap(), "key"), key(n));
    }
    assert!(things.is_at_rest());
}
