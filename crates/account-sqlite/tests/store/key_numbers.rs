//! A key's row has its identifier's number where it may, and is found wherever it is.

use std::path::Path;

use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::AccountId;
use account_core::store::{
    AccountRepository as _, AccountStore as _, ApiKeyRepository as _, Change, Observation,
};
use account_sqlite::SqliteStore;
use rusqlite::Connection;

use crate::fixture::{api_key, at, commit, fresh, registered, uid, wait};

fn named(text: &str, made: u64) -> StoredApiKey {
    StoredApiKey {
        identifier: ApiKeyIdentifier::parse(text).unwrap(),
        created_at: at(made),
        idempotency: None,
        ..api_key(1)
    }
}

fn add(store: &SqliteStore, id: AccountId, key: &StoredApiKey) {
    commit(store, id, vec![Change::AddApiKey(key.clone())]);
}

/// The numbers that the rows of these keys have.
fn numbers(path: &Path, keys: &[&StoredApiKey]) -> Vec<i64> {
    let connection = Connection::open(path).unwrap();
    let number = |key: &&StoredApiKey| {
        let identifier = key.identifier.as_str();
        connection
            .query_row("SELECT number FROM api_key WHERE identifier = ?1", [identifier], |row| row.get(0))
            .unwrap()
    };
    keys.iter().map(number).collect()
}

fn is_found(store: &SqliteStore, key: &StoredApiKey, owner: AccountId) {
    let (found, account) = wait(store.api_key(&key.identifier)).unwrap().unwrap();
    assert_eq!((&found, account.id), (key, owner));
}

#[test]
fn a_key_s_row_has_its_identifier_s_number() {
    let (folder, store) = fresh();
    let id = registered(&store, 1);
    let keys = [named("ptlc_VdBbQ1k0000", 1), named("ptlc_VdBbQ2k0000", 2)];
    for key in &keys {
        add(&store, id, key);
        is_found(&store, key, id);
    }
    let [first, second] = &keys;
    let expected = [first.identifier.number(), second.identifier.number()];
    assert_eq!(numbers(&folder.path().join("account.db"), &[first, second]), expected);
}

#[test]
fn keys_that_share_a_number_are_found_each_and_leave_it_free() {
    let (folder, store) = fresh();
    let (one, other) = (registered(&store, 1), registered(&store, 2));
    let keys = [named("ptlc_VdBbQ1k0000", 1), named("ptlc_VdBbQ1k0001", 2), named("acme_VdBbQ1k0000", 3)];
    let [first, neighbour, prefixed] = &keys;
    let shared = first.identifier.number();
    assert!(keys.iter().all(|key| key.identifier.number() == shared));
    for (key, owner) in keys.iter().zip([one, other, one]) {
        add(&store, owner, key);
    }
    for (key, owner) in keys.iter().zip([one, other, one]) {
        is_found(&store, key, owner);
    }
    let path = folder.path().join("account.db");
    assert_eq!(numbers(&path, &[first, neighbour, prefixed]), [shared, shared + 1, shared + 2]);
    commit(&store, one, vec![Change::RemoveApiKey(first.identifier)]);
    assert!(wait(store.api_key(&first.identifier)).unwrap().is_none());
    is_found(&store, neighbour, other);
    add(&store, other, first);
    is_found(&store, first, other);
    assert_eq!(numbers(&path, &[first]), [shared]);
}

#[test]
fn the_use_of_a_key_is_noted_wherever_its_row_is() {
    let (_folder, store) = fresh();
    let id = registered(&store, 1);
    for key in [named("ptlc_VdBbQ1k0000", 1), named("ptlc_VdBbQ1k0001", 2)] {
        add(&store, id, &key);
        let used = |owner, millis| {
            let seen =
                Observation::ApiKeyUsed { account: uid(owner), identifier: key.identifier, at: at(millis) };
            wait(store.observe(&[seen])).unwrap();
            wait(store.api_key(&key.identifier)).unwrap().unwrap().0.last_used_at
        };
        assert_eq!(used(2, 60), key.last_used_at, "it is not that account's");
        assert_eq!(used(1, 70), Some(at(70)));
        assert_eq!(used(1, 65), Some(at(70)), "forwards only");
    }
}

#[test]
fn keys_of_one_millisecond_stay_in_order_whatever_their_identifiers_are() {
    let (_folder, store) = fresh();
    let id = registered(&store, 1);
    let texts =
        ["ptlc_VdBbQ1kzzzz", "ptlc_VdBbQ1k0000", "ptlc_zzzzzzzzzzz", "ptlc_00000000000", "ptlc_VdBbQ1kaaaa"];
    let keys: Vec<StoredApiKey> = texts.iter().map(|text| named(text, 7)).collect();
    for key in &keys {
        add(&store, id, key);
    }
    assert_eq!(wait(store.api_keys(id)).unwrap(), keys);
    for key in &keys {
        is_found(&store, key, id);
    }
}

/// The version before gave each row the next number, and may still run beside this one.
#[test]
fn rel_09_rows_of_the_version_before_are_found_and_stay_in_order() {
    let (folder, store) = fresh();
    let path = folder.path().join("account.db");
    let id = registered(&store, 1);
    let before = |key: &StoredApiKey| {
        let connection = Connection::open(&path).unwrap();
        let statement = "INSERT INTO api_key (account, identifier, description, allowed_ips, secret, mac, expires_at,
                                              made_by, created_at, last_used_at)
                         SELECT account, ?1, description, allowed_ips, secret, mac, expires_at, made_by, ?2, last_used_at
                         FROM api_key LIMIT 1";
        connection.execute(statement, (key.identifier.as_str(), key.created_at.as_millis())).unwrap();
    };
    let keys = [
        named("ptlc_VdBbQ1k0000", 1),
        named("ptlc_1a2B3c4D5e6", 2),
        named("ptlc_VdBbQ2k0000", 2),
        named("ptlc_zzzzzzzzzzz", 2),
        named("ptlc_VdBbQ2k1000", 2),
        named("ptlc_VdBbQ3k0000", 3),
    ];
    for (key, is_old) in keys.iter().zip([false, true, false, true, false, false]) {
        if is_old { before(key) } else { add(&store, id, key) }
    }
    assert_eq!(wait(store.state(id)).unwrap().unwrap().api_keys, keys);
    for key in &keys {
        is_found(&store, key, id);
    }
}
