//! Several stores on one file, as a command-line program beside a running server: nobody waits for
//! ever, and no race is won twice.

use crate::fixture::{api_key, new_account, registered, wait};
use account_core::store::{
    AccountRepository as _, AccountStore as _, ApiKeyRepository as _, Change, StoreError, UniqueKey,
};
use account_sqlite::SqliteStore;
use rusqlite::Connection;

#[test]
fn two_stores_that_commit_to_one_account_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    let id = registered(&stores[0], 1);
    std::thread::scope(|scope| {
        for (store, part) in stores.iter().zip(0_u64..) {
            scope.spawn(move || {
                for n in 0..50 {
                    loop {
                        let state = wait(store.state(id)).unwrap().unwrap();
                        match wait(
                            store.commit(&state.commit(vec![Change::AddApiKey(api_key(part * 100 + n))])),
                        ) {
                            Ok(_) => break,
                            Err(StoreError::Stale) => {}
                            Err(other) => panic!("{other:?}"),
                        }
                    }
                }
            });
        }
    });
    assert_eq!(wait(stores[0].api_keys(id)).unwrap().len(), 100);
    assert_eq!(wait(stores[1].account(id)).unwrap().unwrap().revision.0, 101);
}

#[test]
fn sec_56_one_address_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let stores = [SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap()];
    let answers: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0_u64..10)
            .map(|n| {
                let store = &stores[usize::from(n % 2 == 0)];
                scope.spawn(move || {
                    let mut account = new_account(n);
                    let typed = if n < 5 { "one@example.com" } else { "ONE@Example.COM" };
                    account.email = account_core::email::Email::parse(typed).unwrap();
                    wait(store.register(&account, &[]))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    let taken = |answer: &&Result<_, _>| matches!(answer, Err(StoreError::Taken(UniqueKey::Email)));
    assert_eq!(answers.iter().filter(taken).count(), 9);
}

#[test]
fn rel_06_a_write_waits_for_another_process_and_reads_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let id = registered(&store, 1);
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| wait(store.register(&new_account(2), &[])));
        assert!(wait(store.state(id)).unwrap().is_some());
        assert!(wait(store.account(id)).unwrap().is_some());
        assert!(!writing.is_finished());
        other.execute_batch("COMMIT").unwrap();
        writing.join().unwrap().unwrap();
    });
}

#[test]
fn a_process_that_never_lets_go_makes_writes_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = wait(store.register(&new_account(1), &[]));
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    registered(&store, 1);
    wait(store.ready()).unwrap();
}
