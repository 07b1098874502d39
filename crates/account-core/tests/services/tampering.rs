//! Rows that somebody else wrote: treated as absent, with an alarm, and never a panic.

use account_core::Error;
use account_core::account::Account;
use account_core::id::SessionId;
use account_core::ports::alarm::Alarm;
use account_core::sign_in::SecondFactor;
use account_core::store::{AccountRepository, AccountState, AccountStore, Change};
use account_core::two_factor::TwoFactor;

use super::house::{House, block_on};

fn state(house: &House, account: &Account) -> AccountState {
    block_on(house.store.state(account.id)).unwrap().unwrap()
}

/// Writes past the services, as somebody with the database's password would.
fn tamper(house: &House, account: &Account, change: Change) {
    block_on(house.store.commit(&state(house, account).commit(vec![change]))).unwrap();
}

#[test]
fn a_key_s_row_moved_to_another_account_opens_nothing_and_is_an_alarm() {
    let house = House::new();
    let (john, mary) = (house.register("john"), house.register("mary"));
    let token = house.key(&john, &[]).token.joined();
    let row = state(&house, &john).api_keys.remove(0);
    tamper(&house, &john, Change::RemoveApiKey(row.identifier));
    tamper(&house, &mary, Change::AddApiKey(row.clone()));
    let refused = block_on(house.accounts.authenticate_api_key(&token, None));
    assert!(matches!(refused, Err(Error::Unauthenticated)));
    let alarm = Alarm::Forged { what: "API key", name: row.identifier.to_string() };
    assert_eq!(house.alarms.raised(), [alarm]);
}

#[test]
fn a_session_s_row_moved_to_another_account_opens_nothing_and_is_an_alarm() {
    let house = House::new();
    let (john, mary) = (house.register("john"), house.register("mary"));
    let (_, token) = house.by_session(&john);
    let row = state(&house, &john).sessions.remove(0);
    tamper(&house, &john, Change::EndSessionsExcept(None::<SessionId>));
    tamper(&house, &mary, Change::OpenSession(row));
    assert!(matches!(house.session(&token), Err(Error::Unauthenticated)));
    assert!(matches!(house.alarms.raised().as_slice(), [Alarm::Forged { what: "session", .. }]));
}

#[test]
fn sec_26_another_user_s_sealed_secret_does_not_open_and_is_an_alarm() {
    let house = House::new();
    let (john, mary) = (house.register("john"), house.register("mary"));
    let (secret, _) = house.enable_two_factor(&house.by_session(&john).0);
    house.enable_two_factor(&house.by_session(&mary).0);
    let his = state(&house, &john).two_factor.unwrap().secret;
    let hers = state(&house, &mary).two_factor.unwrap();
    tamper(&house, &mary, Change::SetTwoFactor(Some(TwoFactor { secret: his, ..hers })));
    house.later(60);
    let factor = SecondFactor::Totp(Some(house.code(&secret, 0)));
    assert!(matches!(house.sign_in_with("mary", factor, "192.0.2.1"), Err(Error::WrongSecondFactor)));
    assert!(matches!(house.alarms.raised().as_slice(), [Alarm::Forged { what: "two-factor secret", .. }]));
}

#[test]
fn another_user_s_password_hash_fits_nobody() {
    let house = House::new();
    let (john, mary) = (house.register("john"), house.register("mary"));
    let hash = state(&house, &john).password;
    tamper(&house, &mary, Change::SetPassword(hash));
    let refused = house.sign_in("mary", super::house::PASSWORD, "192.0.2.1");
    assert!(matches!(refused, Err(Error::SignInRefused)));
}

#[test]
fn sec_07_a_hash_that_asks_for_all_memory_is_refused_with_an_alarm() {
    let house = House::new();
    let john = house.register("john");
    let hostile =
        "$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let hash = account_core::password::PasswordHash::from_stored(hostile.to_owned()).unwrap();
    tamper(&house, &john, Change::SetPassword(hash));
    let refused = house.sign_in("john", super::house::PASSWORD, "192.0.2.1");
    assert!(matches!(refused, Err(Error::SignInRefused)));
    assert_eq!(house.alarms.raised(), [Alarm::HostileHash]);
}
