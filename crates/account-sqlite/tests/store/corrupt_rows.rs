//! Rows that no version of this program wrote: named by table and column, never by value, and no
//! reason to hide the rows beside them.

use std::path::Path;

use crate::fixture::{api_key, at, commit, digest, identifier, mail, registered, session, uid, wait};
use account_core::store::{
    AccountRepository as _, ApiKeyRepository as _, Change, MailRepository as _, SessionRepository as _,
    StoreError, StoreResult,
};
use account_sqlite::SqliteStore;

fn spoil(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

#[track_caller]
fn assert_corrupt<T: std::fmt::Debug>(answer: StoreResult<T>, place: &str) {
    let Err(StoreError::Corrupt(cause)) = answer else { panic!("{answer:?}") };
    assert!(cause.to_string().contains(place), "{cause}");
    assert!(!cause.to_string().contains("spoiled"), "{cause}");
}

#[test]
fn a_corrupt_row_fails_the_reads_that_need_it_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let (first, second) = (registered(&store, 1), registered(&store, 2));
    commit(&store, first, vec![Change::AddApiKey(api_key(1)), Change::OpenSession(session(1))]);
    commit(&store, second, vec![Change::AddApiKey(api_key(2))]);

    spoil(&path, "UPDATE api_key SET allowed_ips = '[\"spoiled\"]' WHERE identifier = 'ptlc_00000000001'");
    assert_corrupt(wait(store.api_key(&identifier(1))), "api_key.allowed_ips");
    assert_corrupt(wait(store.api_keys(first)), "api_key.allowed_ips");
    assert_corrupt(wait(store.state(first)), "api_key.allowed_ips");
    assert_eq!(wait(store.accounts(None, 10)).unwrap().len(), 2);
    assert_eq!(wait(store.api_keys(second)).unwrap(), [api_key(2)]);
    assert!(wait(store.session(&digest(1, 7))).unwrap().is_some());

    spoil(&path, "UPDATE account SET email = 'spoiled' WHERE username = 'user1'");
    assert_corrupt(wait(store.session(&digest(1, 7))), "account.email_canonical");
    assert!(wait(store.api_key(&identifier(2))).unwrap().is_some());
}

#[test]
fn a_corrupt_mail_does_not_stand_before_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    for n in 1..=3 {
        wait(store.queue_mail(&mail(n, Some(uid(1)), None))).unwrap();
    }
    spoil(&path, "UPDATE mail SET letter = x'00' WHERE number = 1");
    let claimed = wait(store.claim_mail(at(10), at(100), 2)).unwrap();
    assert_eq!(claimed.iter().map(|mail| mail.id).collect::<Vec<_>>(), [mail(2, None, None).id]);
    assert_eq!(wait(store.claim_mail(at(10), at(100), 2)).unwrap().len(), 1);
    assert!(wait(store.claim_mail(at(10), at(100), 2)).unwrap().is_empty());
    for claimed in wait(store.claim_mail(at(100), at(200), 3)).unwrap() {
        assert_eq!(claimed.attempts, 2);
        wait(store.remove_mail(claimed.id)).unwrap();
    }
    assert_corrupt(wait(store.claim_mail(at(200), at(300), 3)), "mail.letter");
}
