//! Creations that are asked for again under the name of an earlier request (REL-07).

use std::time::Duration;

use account_core::api_key::{ApiKey, CreatedApiKey, Description, NewApiKey};
use account_core::creation::{IdempotencyKey, Once};
use account_core::ssh_key::{SshKeyName, SshPublicKey};
use account_core::{Error, Principal};

use super::house::{House, block_on, ip, new_key};

fn name(text: &str) -> IdempotencyKey {
    IdempotencyKey::parse(text).unwrap()
}

impl House {
    fn create_once(
        &self,
        who: &Principal,
        wanted: &NewApiKey,
        request: &str,
    ) -> Result<Once<CreatedApiKey, ApiKey>, Error> {
        block_on(self.accounts.api_keys().create_once(who, wanted, &name(request)))
    }
}

fn new<New, Old>(outcome: Result<Once<New, Old>, Error>) -> New {
    match outcome {
        Ok(Once::Made(new)) => new,
        Ok(Once::MadeBefore(_)) => panic!("it was made before"),
        Err(error) => panic!("{error}"),
    }
}

fn old<New, Old>(outcome: Result<Once<New, Old>, Error>) -> Old {
    match outcome {
        Ok(Once::MadeBefore(old)) => old,
        Ok(Once::Made(_)) => panic!("it was made again"),
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn rel_07_a_repeated_request_finds_the_key_and_leaves_no_entry_no_mail_and_no_revision() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let made = new(house.create_once(&who, &new_key(&[]), "a"));
    let token = made.token.joined();
    block_on(house.accounts.authenticate_api_key(&token, None)).unwrap();
    let (events, mails) = (house.events(&who).len(), house.mails().len());
    let before = house.store.snapshot();
    assert_eq!(old(house.create_once(&who, &new_key(&[]), "a")), made.key);
    assert_eq!(house.store.snapshot().state(account.id), before.state(account.id));
    assert_eq!((house.events(&who).len(), house.mails().len()), (events, 0));
    assert_eq!(mails, 1);
}

#[test]
fn rel_07_whoever_of_the_account_asks_again_finds_the_key_if_they_may_make_it() {
    let house = House::new();
    let (john, mary) = (house.register("john"), house.register("mary"));
    let (first, _) = house.by_session(&john);
    let made = new(house.create_once(&first, &new_key(&["10.0.0.0/8"]), "a")).key;
    // The session ended meanwhile; its owner signed in again.
    block_on(house.accounts.sessions().sign_out(&first)).unwrap();
    assert!(matches!(house.create_once(&first, &new_key(&["10.0.0.0/8"]), "a"), Err(Error::Unauthenticated)));
    let (again, _) = house.by_session(&john);
    assert_eq!(old(house.create_once(&again, &new_key(&["10.0.0.0/8"]), "a")), made);
    assert_eq!(old(house.create_once(&house.by_key(&john), &new_key(&["10.0.0.0/8"]), "a")), made);
    let narrow = house.key(&john, &["10.1.0.0/16"]).token.joined();
    let narrow = block_on(house.accounts.authenticate_api_key(&narrow, ip("10.1.0.1"))).unwrap();
    assert!(matches!(house.create_once(&narrow, &new_key(&["10.0.0.0/8"]), "a"), Err(Error::WiderThanMaker)));
    let (mary, _) = house.by_session(&mary);
    new(house.create_once(&mary, &new_key(&["10.0.0.0/8"]), "a"));
}

#[test]
fn rel_07_a_name_that_asked_for_something_else_is_refused() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let wanted = new_key(&["10.0.0.0/8"]);
    new(house.create_once(&who, &wanted, "a"));
    let renamed = NewApiKey { description: Description::parse("another").unwrap(), ..wanted.clone() };
    let until = house.accounts.now().plus(Duration::from_secs(60));
    let expiring = NewApiKey { expires_at: Some(until), ..wanted };
    for other in [new_key(&[]), renamed, expiring] {
        let refused = house.create_once(&who, &other, "a");
        assert!(matches!(refused, Err(Error::IdempotencyKeyReused)), "{other:?}");
    }
    let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk";
    let (laptop, key) = (SshKeyName::parse("laptop").unwrap(), SshPublicKey::parse(line).unwrap());
    let keys = house.accounts.ssh_keys();
    let add = |called: &SshKeyName, request| block_on(keys.add_once(&who, called, &key, &name(request)));
    assert!(matches!(add(&laptop, "a"), Err(Error::IdempotencyKeyReused)));
    let added = new(add(&laptop, "b"));
    assert_eq!(old(add(&laptop, "b")), added);
    assert!(matches!(add(&SshKeyName::parse("desk").unwrap(), "b"), Err(Error::IdempotencyKeyReused)));
}

#[test]
fn rel_07_a_key_that_expired_meanwhile_is_still_the_answer_and_a_day_later_the_name_is_free() {
    let house = House::new();
    let account = house.register("john");
    let who = house.by_key(&account);
    let until = house.accounts.now().plus(Duration::from_secs(60));
    let wanted = NewApiKey { expires_at: Some(until), ..new_key(&[]) };
    let made = new(house.create_once(&who, &wanted, "a")).key;
    house.later(61);
    assert_eq!(old(house.create_once(&who, &wanted, "a")), made);
    house.later(86_400 - 62);
    assert_eq!(old(house.create_once(&who, &wanted, "a")), made);
    house.later(1);
    assert!(matches!(house.create_once(&who, &wanted, "a"), Err(Error::Invalid(_))));
    assert_eq!(new(house.create_once(&who, &new_key(&[]), "a")).key.expires_at, None);
}
