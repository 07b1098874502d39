//! Faults that the database itself makes, by triggers: conflicts, deadlocks, a session that dies in
//! the middle or at the commit, a lock that is not let go.

use std::time::Duration;

use account_core::ports::throttle::{Budget, Refill, Throttle as _, Verdict};
use account_core::store::{AccountRepository as _, AccountStore as _, Change, StoreError};
use account_postgres::scratch::ScratchDatabase;
use account_postgres::{PostgresOptions, PostgresStore};
use account_testkit::sample;
use tokio::time::Instant;

use crate::fixture::{beside, change, commit_to, count, fresh, register, run};

/// Raises the error in the first so many updates of an account. A sequence is not rolled back, so it counts.
async fn fail_updates(database: &ScratchDatabase, times: u32, code: &str) {
    let sql = format!(
        "CREATE SEQUENCE attempt;
         CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
           BEGIN
             IF nextval('attempt') <= {times} THEN RAISE EXCEPTION 'injected' USING ERRCODE = '{code}'; END IF;
             RETURN NEW;
           END $$;
         CREATE TRIGGER fail BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION fail();"
    );
    run(&mut beside(database).await, &sql).await;
}

fn a_key() -> Vec<Change> {
    vec![Change::AddApiKey(sample::api_key(1)), Change::Record(sample::activity(1, sample::uid(1)))]
}

/// To one table in two ways: two statements.
fn two_statements() -> Vec<Change> {
    vec![Change::OpenSession(sample::session(1)), Change::EndSession(sample::session_id(2))]
}

#[tokio::test]
async fn rel_06_conflicts_and_deadlocks_are_run_again() {
    for (code, changes) in [("40001", a_key()), ("40P01", a_key()), ("40001", two_statements())] {
        let (database, store) = fresh().await;
        let account = register(&store, 1).await;
        fail_updates(&database, 4, code).await;
        let raised = change(&store, account.id, changes).await.unwrap();
        assert_eq!(raised, account.revision.next());
        let state = store.state(account.id).await.unwrap().unwrap();
        assert_eq!(state.account.revision, raised, "applied once");
        assert_eq!(state.api_keys.len() + state.sessions.len(), 1);
    }
}

#[tokio::test]
async fn rel_06_a_conflict_without_end_is_given_up_after_five_attempts() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    fail_updates(&database, 1000, "40001").await;
    let outcome = change(&store, account.id, a_key()).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    let mut beside = beside(&database).await;
    let attempts: i64 =
        sqlx::query_scalar("SELECT last_value FROM attempt").fetch_one(&mut beside).await.unwrap();
    assert_eq!(attempts, 5);
    assert_eq!(count(&mut beside, "api_key").await, 0);
}

#[tokio::test]
async fn rel_07_an_unknown_completion_is_not_run_again() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    fail_updates(&database, 1, "40003").await;
    let outcome = change(&store, account.id, a_key()).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    let mut beside = beside(&database).await;
    let attempts: i64 =
        sqlx::query_scalar("SELECT last_value FROM attempt").fetch_one(&mut beside).await.unwrap();
    assert_eq!(attempts, 1);
}

/// A constraint trigger that is deferred runs at the commit.
const DIE_AT_COMMIT: &str = "
    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON api_key DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die();
    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON session DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION die();";

#[tokio::test]
async fn rel_07_a_session_that_dies_at_commit_leaves_the_outcome_unknown() {
    for changes in [a_key(), two_statements()] {
        let (database, store) = fresh().await;
        let account = register(&store, 1).await;
        let mut beside = beside(&database).await;
        run(&mut beside, DIE_AT_COMMIT).await;
        let outcome = change(&store, account.id, changes.clone()).await;
        assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
        run(&mut beside, "DROP TRIGGER die ON api_key; DROP TRIGGER die ON session").await;
        assert_eq!(store.account(account.id).await.unwrap().unwrap().revision, account.revision);
        change(&store, account.id, changes).await.unwrap();
    }
}

#[tokio::test]
async fn a_session_that_dies_before_the_commit_has_changed_nothing_and_says_so() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    let mut beside = beside(&database).await;
    let die = "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$
          BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
        CREATE TRIGGER die BEFORE INSERT ON session FOR EACH ROW EXECUTE FUNCTION die();";
    run(&mut beside, die).await;
    let changes = vec![Change::EndSession(sample::session_id(2)), Change::OpenSession(sample::session(1))];
    let outcome = change(&store, account.id, changes).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert_eq!(store.account(account.id).await.unwrap().unwrap().revision, account.revision);
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_05_a_lock_that_is_not_let_go_is_waited_for_two_seconds() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    let mut beside = beside(&database).await;
    run(&mut beside, "BEGIN; UPDATE account SET admin = admin").await;
    let begun = Instant::now();
    let outcome = store.commit(&commit_to(&account, a_key())).await;
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
    assert!((1.8..4.0).contains(&begun.elapsed().as_secs_f64()), "{:?}", begun.elapsed());
    // Reads wait for nobody.
    assert!(store.state(account.id).await.unwrap().is_some());
    run(&mut beside, "ROLLBACK").await;
    store.commit(&commit_to(&account, a_key())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_15_budgets_are_exact_under_many_callers_on_two_nodes() {
    let (database, one) = fresh().await;
    let two = database.store().await.unwrap();
    let budget = |n: u64, limit| Budget {
        key: sample::throttle_key(n),
        limit,
        per: Duration::from_secs(60),
        refill: Refill::AllAtOnce,
    };
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let store = if n % 2 == 0 { one.clone() } else { two.clone() };
            // In either order: rows are locked in one.
            let mut budgets = [budget(1, 10), budget(2, 1000)];
            if n % 3 == 0 {
                budgets.reverse();
            }
            tokio::spawn(async move { store.take(&budgets, sample::NOON).await.unwrap() })
        })
        .collect();
    let mut taken = 0;
    for task in tasks {
        taken += usize::from(task.await.unwrap() == Verdict::Taken);
    }
    assert_eq!(taken, 10);
    one.give_back(&[budget(1, 10)], sample::NOON).await.unwrap();
    assert_eq!(two.take(&[budget(1, 10)], sample::NOON).await.unwrap(), Verdict::Taken);
    assert!(matches!(
        two.take(&[budget(1, 10), budget(3, 1)], sample::NOON).await.unwrap(),
        Verdict::Wait(_)
    ));
    let levels = count(&mut beside(&database).await, "throttle_level").await;
    assert_eq!(levels, 2, "a refusal leaves no rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_were_prepared_before_a_newer_node_migrated_still_run() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    // On several connections.
    let warm: Vec<_> = (0..8)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move { store.state(account.id).await.unwrap() })
        })
        .collect();
    for task in warm {
        task.await.unwrap();
    }
    change(&store, account.id, a_key()).await.unwrap();
    run(&mut beside(&database).await, "ALTER TABLE account ALTER COLUMN email TYPE varchar(300)").await;
    for _ in 0..8 {
        assert!(store.state(account.id).await.unwrap().is_some());
        change(&store, account.id, vec![]).await.unwrap();
    }
}

#[tokio::test]
async fn rel_05_writes_that_wait_for_a_lock_leave_connections_to_questions() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    drop(store);
    let options = PostgresOptions::new().max_connections(4);
    let store = PostgresStore::connect(&database.url(), options).await.unwrap();
    let (mut holder, mut watcher) = (beside(&database).await, beside(&database).await);
    run(&mut holder, "BEGIN; SELECT FROM account FOR UPDATE").await;
    let writes: Vec<_> = (0..8)
        .map(|_| {
            let (store, commit) = (store.clone(), commit_to(&account, a_key()));
            tokio::spawn(async move { store.commit(&commit).await })
        })
        .collect();
    let waiting = "SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut watcher).await.unwrap() < 3 {
        tokio::task::yield_now().await;
    }
    let begun = Instant::now();
    for _ in 0..10 {
        store.account(account.id).await.unwrap().unwrap();
    }
    assert!(
        begun.elapsed() < Duration::from_secs(1),
        "a write waits for a lock for two: {:?}",
        begun.elapsed()
    );
    run(&mut holder, "ROLLBACK").await;
    let mut committed = 0;
    for write in writes {
        committed += usize::from(write.await.unwrap().is_ok());
    }
    assert_eq!(committed, 1);
}
