//! E-mail and password: what each change ends, counts, and tells.

use super::house::{House, PASSWORD, block_on};
use account_core::Error;
use account_core::activity::Event;
use account_core::field::Fault;
use account_core::policy::{Operation, Policy};

use super::fault;

#[test]
fn sec_47_a_password_change_ends_every_other_session_and_the_old_token_of_this_one() {
    let house = House::new();
    let account = house.register("john");
    let (who, old) = house.by_session(&account);
    let (_, other) = house.by_session(&account);
    let key = house.by_key(&account);
    let fresh = house.change_password(&who, "another long password").unwrap().expect("a session called");
    assert!(house.session(&fresh).is_ok());
    for ended in [&old, &other] {
        assert!(matches!(house.session(ended), Err(Error::Unauthenticated)));
    }
    assert!(block_on(house.accounts.api_keys().list(&key)).is_ok(), "keys stay");
    assert!(house.sign_in("john", PASSWORD, "192.0.2.1").is_err());
    assert!(house.sign_in("john", "another long password", "192.0.2.1").is_ok());
}

#[test]
fn sec_47_a_password_change_by_key_ends_all_sessions() {
    let house = House::new();
    let account = house.register("john");
    let (_, token) = house.by_session(&account);
    let key = house.by_key(&account);
    assert_eq!(house.change_password(&key, "another long password").unwrap(), None);
    assert!(house.session(&token).is_err());
}

#[test]
fn keys_go_with_the_password_where_policy_says_so() {
    let house = House::with(Policy { revoke_api_keys_on_password_change: true, ..Policy::default() });
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let key = house.key(&account, &[]);
    house.change_password(&who, "another long password").unwrap();
    assert!(block_on(house.accounts.authenticate_api_key(&key.token.joined(), None)).is_err());
}

#[test]
fn f_40_sec_14_five_wrong_current_passwords_a_minute_whatever_they_were_for() {
    let house = House::new();
    let account = house.register("john");
    let (who, key) = (house.by_session(&account).0, house.by_key(&account));
    for guess in 0..5 {
        let by = if guess % 2 == 0 { &who } else { &key };
        assert!(matches!(
            house.prove(by, Operation::ChangeEmail, "wrong password"),
            Err(Error::WrongPassword)
        ));
    }
    let before = house.hasher.verified();
    let refused = house.prove(&key, Operation::DisableTwoFactor, PASSWORD);
    assert!(matches!(refused, Err(Error::TooManyAttempts(_))));
    assert_eq!(house.hasher.verified(), before, "refused before any hash");
    house.later(61);
    assert!(house.prove(&who, Operation::ChangeEmail, PASSWORD).is_ok());
    for _ in 0..20 {
        house.prove(&who, Operation::ChangeEmail, PASSWORD).expect("right ones are given back");
    }
}

#[test]
fn f_4_sec_55_every_try_at_another_address_counts_taken_or_not() {
    let house = House::new();
    let account = house.register("john");
    house.register("mary");
    let who = house.by_key(&account);
    for same in ["john@example.com", "JOHN@EXAMPLE.COM"] {
        house.change_email(&who, same).unwrap();
    }
    let taken = house.change_email(&who, "Mary@Example.com").unwrap_err();
    assert_eq!(fault(&taken), Some(("email", &Fault::Taken)));
    house.change_email(&who, "one@example.com").unwrap();
    house.change_email(&who, "two@example.com").unwrap();
    assert!(matches!(house.change_email(&who, "mary@example.com"), Err(Error::TooManyEmailChanges(_))));
    assert_eq!(house.events(&who).iter().filter(|event| **event == Event::EmailChanged).count(), 2);
    house.later(86_401);
    assert!(house.change_email(&who, "three@example.com").is_ok());
}

#[test]
fn both_addresses_are_told_of_a_change() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    house.change_email(&who, "new@example.com").unwrap();
    let told: Vec<String> = house.mails().into_iter().map(|(to, _, _)| to).collect();
    assert!(told.contains(&"john@example.com".to_owned()) && told.contains(&"new@example.com".to_owned()));
}

#[test]
fn nothing_is_sent_for_a_change_that_did_not_stand() {
    let house = House::new();
    let account = house.register("john");
    house.register("mary");
    let (who, _) = house.by_session(&account);
    house.change_email(&who, "mary@example.com").unwrap_err();
    assert!(house.mails().is_empty());
}

#[test]
fn sec_43_a_request_that_came_with_the_old_token_of_this_very_session_commits_nothing() {
    let house = House::new();
    let account = house.register("john");
    let (who, token) = house.by_session(&account);
    // A copy of the cookie, let in and waiting with its body.
    let thief = house.session(&token).unwrap();
    house.change_password(&who, "another long password").unwrap();
    let refused = block_on(house.accounts.api_keys().create(&thief, &super::house::new_key(&[])));
    assert!(matches!(refused, Err(Error::Unauthenticated)));
}

#[test]
fn sec_05_a_password_made_of_the_account_s_own_names_is_refused_whoever_sets_it() {
    let house = House::new();
    let account = house.register("johnquillan");
    let (who, _) = house.by_session(&account);
    let refused = house.change_password(&who, "Johnquillan1").unwrap_err();
    assert_eq!(fault(&refused), Some(("password", &Fault::Compromised)));
}
