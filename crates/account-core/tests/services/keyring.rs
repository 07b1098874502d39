//! Moving rows to another key, and refusing the wrong one.

use std::sync::{Arc, Barrier};

use super::house::{House, block_on};
use account_core::policy::Policy;
use account_core::ports::keyring::Keyring;
use account_testkit::MemoryStore;

#[test]
fn sec_30_rows_move_to_a_new_key_while_serving_and_the_old_one_can_go() {
    let house = House::new();
    let account = house.register("john");
    let (who, token) = house.by_session(&account);
    let (secret, codes) = house.enable_two_factor(&who);
    let key = house.key(&account, &[]).token.joined();
    let both = house
        .again(&format!("{}\n{}", super::house::keyring(2), super::house::keyring(1)), Policy::default());
    let moved = block_on(both.accounts.reseal(None, 100)).unwrap();
    assert_eq!((moved.moved, moved.still_named.len()), (1, 1), "the password's pepper is still the old one");
    both.later(60);
    let totp = account_core::sign_in::SecondFactor::Totp(Some(both.code(&secret, 0)));
    both.sign_in_with("john", totp, "192.0.2.1").unwrap();
    let again = block_on(both.accounts.reseal(None, 100)).unwrap();
    assert!(again.moved == 0 && again.still_named.is_empty());
    let old = account_core::ports::keyring::KeyName::parse("k1").unwrap();
    assert!(block_on(both.accounts.retire_key(&old)).unwrap());
    let current = account_core::ports::keyring::KeyName::parse("k2").unwrap();
    assert!(!block_on(both.accounts.retire_key(&current)).unwrap());
    let alone = house.again(&super::house::keyring(2), Policy::default());
    assert!(alone.session(&token).is_ok());
    assert!(block_on(alone.accounts.authenticate_api_key(&key, None)).is_ok());
    let code = account_core::two_factor::RecoveryCode::parse(codes[0].as_str());
    alone.sign_in_with("john", account_core::sign_in::SecondFactor::Recovery(code), "192.0.2.1").unwrap();
}

#[test]
fn another_keyring_does_not_start_and_never_looks_like_a_wrong_credential() {
    let house = House::new();
    house.register("john");
    let other = Keyring::parse(&super::house::keyring(3)).unwrap();
    let started = block_on(account_core::Accounts::builder(house.store.clone(), other).build());
    assert!(matches!(started, Err(account_core::StartError::Keyring(_))));
}

#[test]
fn of_many_keyrings_that_come_to_an_empty_store_at_once_one_starts_and_starts_again() {
    let store = Arc::new(MemoryStore::new());
    let start = |seed: u8| {
        let keys = Keyring::parse(&super::house::keyring(seed)).unwrap();
        block_on(account_core::Accounts::builder(store.clone(), keys).build())
    };
    let together = Barrier::new(8);
    let started: Vec<u8> = std::thread::scope(|scope| {
        let threads: Vec<_> = (1..=8)
            .map(|seed| {
                let (together, start) = (&together, &start);
                scope.spawn(move || {
                    together.wait();
                    start(seed).is_ok().then_some(seed)
                })
            })
            .collect();
        threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
    });
    let [winner] = started[..] else { panic!("{started:?} started") };
    for seed in 1..=8 {
        assert_eq!(start(seed).is_ok(), seed == winner, "{seed}, {winner} was first");
    }
}
