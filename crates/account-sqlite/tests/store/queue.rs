//! The queue of writes: bounded, and indifferent to callers that go away.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use account_core::account::NewAccount;
use account_core::store::{AccountRepository as _, AccountStore as _, StoreError};
use account_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::fixture::{new_account, registered, wait};

#[test]
fn rel_08_a_caller_that_goes_away_leaves_nothing_half_done() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("account.db")).unwrap();
    for n in 0..100 {
        let new = new_account(n);
        let mut future = store.register(&new, &[]);
        drop(future.as_mut().poll(&mut Context::from_waker(Waker::noop())));
        drop(future);
    }
    // Jobs are done in the order they were handed in: when this one is, so are they all.
    registered(&store, 1000);
    assert_eq!(wait(store.accounts(None, 1000)).unwrap().len(), 101);
}

#[test]
fn a_full_queue_refuses_at_once_and_what_it_took_is_done() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let new: Vec<NewAccount> = (0..1500).map(new_account).collect();
    let mut waiting: Vec<Pin<Box<_>>> = new.iter().map(|new| store.register(new, &[])).collect();
    let mut refused = 0;
    waiting.retain_mut(|future| match future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Pending => true,
        Poll::Ready(Err(StoreError::Unavailable(_))) => {
            refused += 1;
            false
        }
        Poll::Ready(other) => panic!("{other:?}"),
    });
    assert!(refused > 0 && waiting.len() >= 1024, "{refused} refused");
    other.execute_batch("COMMIT").unwrap();
    let done = waiting.len();
    for future in waiting {
        wait(future).unwrap();
    }
    assert_eq!(wait(store.accounts(None, 2000)).unwrap().len(), done);
}
