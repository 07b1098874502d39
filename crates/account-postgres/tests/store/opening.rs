//! Connecting: migrations from several nodes at once, schemas and settings that are refused, and
//! passwords that are not shown.

use account_core::store::{AccountRepository as _, AccountStore as _};
use account_postgres::scratch::ScratchDatabase;
use account_postgres::{OpenError, PostgresOptions, PostgresStore};
use account_testkit::sample;

use crate::fixture::{beside, count, database, fresh, run};

#[tokio::test(flavor = "multi_thread")]
async fn rel_09_eight_nodes_start_at_once_on_an_empty_database() {
    for _ in 0..5 {
        let database = ScratchDatabase::empty().await.unwrap();
        let nodes: Vec<_> = (0..8)
            .map(|_| {
                let url = database.url();
                tokio::spawn(async move { PostgresStore::connect(&url, PostgresOptions::new()).await })
            })
            .collect();
        for node in nodes {
            let store = node.await.unwrap().unwrap();
            assert!(store.accounts(None, 1).await.unwrap().is_empty());
        }
        assert_eq!(count(&mut beside(&database).await, "schema_migration").await, 2, "each file once");
    }
}

#[tokio::test]
async fn rel_09_a_newer_or_altered_schema_is_refused() {
    let (database, _store) = fresh().await;
    let mut beside = beside(&database).await;
    run(&mut beside, "INSERT INTO schema_migration VALUES (999, 'later', '')").await;
    let refused = database.store().await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 999, .. }), "{refused}");
    run(
        &mut beside,
        "DELETE FROM schema_migration WHERE number = 999; UPDATE schema_migration SET digest = ''",
    )
    .await;
    let refused = database.store().await.unwrap_err();
    assert!(matches!(refused, OpenError::Altered { number: 1 }), "{refused}");
}

#[tokio::test]
async fn tables_of_another_program_are_left_alone() {
    let database = ScratchDatabase::empty().await.unwrap();
    let mut beside = beside(&database).await;
    run(&mut beside, "CREATE TABLE session (theirs int); CREATE TABLE other (theirs int)").await;
    let refused = database.store().await.unwrap_err();
    assert!(matches!(refused, OpenError::Foreign(_)), "{refused}");
    run(&mut beside, "DROP TABLE session").await;
    database.store().await.unwrap();
    assert_eq!(count(&mut beside, "other").await, 0);
}

#[tokio::test]
async fn rel_01_asynchronous_commits_are_refused_unless_allowed() {
    let database = database().await;
    let name = database.name();
    run(&mut beside(&database).await, &format!("ALTER DATABASE {name} SET synchronous_commit = off")).await;
    let refused = database.store().await.unwrap_err();
    assert!(matches!(refused, OpenError::AsynchronousCommit), "{refused}");
    let allowed = PostgresOptions::new().allow_asynchronous_commit(true);
    let store = PostgresStore::connect(&database.url(), allowed).await.unwrap();
    store.register(&sample::new_account(1), &[]).await.unwrap();
}

#[tokio::test]
async fn a_database_that_takes_no_writes_is_refused() {
    let database = database().await;
    let name = database.name();
    run(
        &mut beside(&database).await,
        &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"),
    )
    .await;
    let refused = database.store().await.unwrap_err();
    assert!(matches!(refused, OpenError::ReadOnly), "{refused}");
}

#[tokio::test]
async fn no_error_and_no_debug_text_shows_the_password() {
    let (_database, store) = fresh().await;
    assert!(!format!("{store:?}").contains("postgres://"), "{store:?}");
    for url in [
        "postgres://account:geheim@127.0.0.1:1/account",
        "postgres://account:geheim@no.such.host.invalid/account",
        "postgres://account:geheim@[/account",
        "postgres://127.0.0.1:1/account?password=geheim&sslmode=geheim",
        "geheim",
    ] {
        let error = PostgresStore::connect(url, PostgresOptions::new()).await.unwrap_err();
        for shown in [format!("{error}"), format!("{error:?}"), format!("{error:#?}")] {
            assert!(!shown.contains("geheim"), "{shown}");
            assert!(!shown.trim().is_empty());
        }
    }
}
