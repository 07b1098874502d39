//! The database goes away and comes back: refused, silent, restarted, or gone with an answer on the way.

use std::time::Duration;

use account_core::store::{
    AccountRepository as _, AccountStore as _, ApiKeyRepository as _, Change, StoreError, StoreResult,
};
use account_postgres::{PostgresOptions, PostgresStore};
use account_testkit::sample;
use tokio::time::Instant;

use crate::fixture::{beside, change, commit_to, count, database, fresh, register, run};
use crate::wire::{Mode, Wire};

async fn through(wire: &Wire) -> PostgresStore {
    let patience = Duration::from_millis(500);
    let options = PostgresOptions::new().statement_timeout(patience).acquire_timeout(patience);
    PostgresStore::connect(wire.url(), options).await.unwrap()
}

fn unavailable<T: std::fmt::Debug>(outcome: StoreResult<T>) {
    assert!(matches!(outcome, Err(StoreError::Unavailable(_))), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_04_a_cut_wire_is_unavailable_at_once_and_works_again_when_mended() {
    let database = database().await;
    let wire = Wire::to(&database).await;
    let store = through(&wire).await;
    let account = register(&store, 1).await;
    for _ in 0..3 {
        wire.set(Mode::Cut);
        let begun = Instant::now();
        unavailable(store.account(account.id).await);
        unavailable(store.api_key(&sample::identifier(1)).await);
        unavailable(store.state(account.id).await);
        unavailable(store.register(&sample::new_account(2), &[]).await);
        unavailable(store.commit(&commit_to(&account, vec![Change::SetAdmin(true)])).await);
        unavailable(store.ready().await);
        assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
        wire.set(Mode::Open);
        store.ready().await.unwrap();
        assert!(store.account(account.id).await.unwrap().is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_05_while_the_database_takes_no_more_connections_those_that_it_has_serve_everybody() {
    let database = database().await;
    let wire = Wire::to(&database).await;
    let store = through(&wire).await;
    let account = register(&store, 1).await;
    wire.set(Mode::TakingNoMore);
    for _ in 0..3 {
        let asking: Vec<_> = (0..12)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.account(account.id).await })
            })
            .collect();
        for outcome in asking {
            assert!(outcome.await.unwrap().unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_05_a_silent_database_is_waited_for_a_bounded_time() {
    let database = database().await;
    let wire = Wire::to(&database).await;
    let store = through(&wire).await;
    let account = register(&store, 1).await;
    wire.set(Mode::Dead);
    let begun = Instant::now();
    // More than there are connections.
    let asking: Vec<_> = (0..40)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                (store.account(account.id).await, store.api_key(&sample::identifier(1)).await)
            })
        })
        .collect();
    for outcome in asking {
        let (account, api_key) = outcome.await.unwrap();
        unavailable(account);
        unavailable(api_key);
    }
    let outcome = store.commit(&commit_to(&account, vec![Change::SetAdmin(true)])).await;
    assert!(
        matches!(outcome, Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_))),
        "{outcome:?}"
    );
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    wire.set(Mode::Open);
    assert!(store.account(account.id).await.unwrap().is_some());
    assert!(store.api_key(&sample::identifier(1)).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_07_a_commit_whose_answer_is_lost_is_unknown_and_stands_once() {
    let database = database().await;
    let wire = Wire::to(&database).await;
    let store = through(&wire).await;
    let account = register(&store, 1).await;
    // Prepared before, so that the first answer that is lost is the commit's.
    change(&store, account.id, vec![Change::AddApiKey(sample::api_key(1))]).await.unwrap();
    let account = store.account(account.id).await.unwrap().unwrap();
    let commit = commit_to(&account, vec![Change::AddApiKey(sample::api_key(2))]);
    wire.set(Mode::LosingAnswers);
    let outcome = store.commit(&commit).await;
    assert!(matches!(outcome, Err(StoreError::OutcomeUnknown(_))), "{outcome:?}");
    wire.set(Mode::Open);
    tokio::time::sleep(Duration::from_millis(200)).await;
    let state = store.state(account.id).await.unwrap().unwrap();
    assert_eq!(state.api_keys.len(), 2);
    assert_eq!(state.account.revision, account.revision.next());
    assert!(matches!(store.commit(&commit).await, Err(StoreError::Stale)));
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_04_a_database_that_is_closed_and_opened_again_loses_nothing_it_acknowledged() {
    let (database, store) = fresh().await;
    let account = register(&store, 1).await;
    let mut server = beside_the_database().await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, stopped) = (store.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for n in 0.. {
                    if *stopped.borrow() {
                        break;
                    }
                    let entry = sample::activity(writer * 1_000_000 + n, account.uid);
                    match store.record(std::slice::from_ref(&entry)).await {
                        Ok(()) => acknowledged.push(entry.id),
                        Err(StoreError::Unavailable(_) | StoreError::OutcomeUnknown(_)) => {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                        Err(other) => panic!("{other:?}"),
                    }
                }
                acknowledged
            })
        })
        .collect();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let name = database.name();
        run(&mut server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        run(
            &mut server,
            &format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"),
        )
        .await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        unavailable(store.account(account.id).await);
        run(&mut server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
        assert!(store.account(account.id).await.unwrap().is_some());
    }
    stop.send_replace(true);
    let mut beside = beside(&database).await;
    let mut acknowledged = 0;
    for writer in writers {
        for id in writer.await.unwrap() {
            let there = sqlx::query("SELECT 1 FROM activity WHERE id = $1").bind(&id.as_bytes()[..]);
            assert!(there.fetch_optional(&mut beside).await.unwrap().is_some());
            acknowledged += 1;
        }
    }
    assert!(acknowledged > 100, "{acknowledged}");
    assert!(count(&mut beside, "activity").await >= acknowledged);
}

async fn beside_the_database() -> sqlx::PgConnection {
    let url = std::env::var(account_postgres::scratch::URL_VARIABLE).unwrap();
    <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap()
}
