//! API keys and SSH keys: limits, lists, owners.

use super::house::{House, block_on, ip, new_key};
use account_core::activity::Event;
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use account_core::field::Fault;
use account_core::ssh_key::{SshKeyName, SshPublicKey};
use account_core::{Error, Limit};

use super::fault;

#[test]
fn f_5_sec_39_the_twenty_sixth_key_is_refused() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    for _ in 0..25 {
        block_on(house.accounts.api_keys().create(&who, &new_key(&[]))).unwrap();
    }
    let refused = block_on(house.accounts.api_keys().create(&who, &new_key(&[])));
    assert!(matches!(refused, Err(Error::LimitReached(Limit::ApiKeys))));
    assert_eq!(block_on(house.accounts.api_keys().list(&who)).unwrap().len(), 25);
}

#[test]
fn sec_37_a_deleted_key_is_dead_and_its_second_deletion_finds_nothing() {
    let house = House::new();
    let account = house.register("john");
    let created = house.key(&account, &[]);
    let who = block_on(house.accounts.authenticate_api_key(&created.token.joined(), None)).unwrap();
    block_on(house.accounts.api_keys().delete(&who, created.key.identifier.as_str())).unwrap();
    assert!(block_on(house.accounts.authenticate_api_key(&created.token.joined(), None)).is_err());
    // A principal that was let in before does not stand any more either.
    let refused = block_on(house.accounts.api_keys().create(&who, &new_key(&[])));
    assert!(matches!(refused, Err(Error::Unauthenticated)));
    let (session, _) = house.by_session(&account);
    let again = block_on(house.accounts.api_keys().delete(&session, created.key.identifier.as_str()));
    assert!(matches!(again, Err(Error::NotFound)));
}

#[test]
fn f_25_sec_36_a_key_is_refused_from_other_and_unknown_addresses_and_that_is_recorded_and_not_a_use() {
    let house = House::new();
    let account = house.register("john");
    let created = house.key(&account, &["10.0.0.0/8"]);
    let from =
        |address| block_on(house.accounts.authenticate_api_key(&created.token.joined(), address)).map(drop);
    assert!(matches!(from(ip("192.0.2.1")), Err(Error::AddressNotAllowed(Some(_)))));
    assert!(matches!(from(None), Err(Error::AddressNotAllowed(None))));
    block_on(house.accounts.flush_observations()).unwrap();
    let key = || block_on(house.accounts.admin().api_keys(account.id)).unwrap().remove(0);
    assert_eq!(key().last_used_at, None);
    from(ip("::ffff:10.1.2.3")).unwrap();
    block_on(house.accounts.flush_observations()).unwrap();
    assert_eq!(key().last_used_at, Some(house.accounts.now()));
    let (who, _) = house.by_session(&account);
    assert_eq!(house.events(&who).iter().filter(|event| **event == Event::AddressBlocked).count(), 2);
}

#[test]
fn sec_38_a_restricted_key_makes_no_wider_one() {
    let house = House::new();
    let account = house.register("john");
    let maker = house.key(&account, &["10.0.0.0/8", "2001:db8::/32"]);
    let who = block_on(house.accounts.authenticate_api_key(&maker.token.joined(), ip("10.0.0.1"))).unwrap();
    let make =
        |allowed: &[&str]| block_on(house.accounts.api_keys().create(&who, &new_key(allowed))).map(drop);
    for wider in [&[][..], &["0.0.0.0/0"], &["10.0.0.0/7"], &["10.1.0.0/16", "192.0.2.1"], &["::/0"]] {
        assert!(matches!(make(wider), Err(Error::WiderThanMaker)), "{wider:?}");
    }
    make(&["10.1.0.0/16", "2001:db8:1::/48", "10.0.0.1"]).unwrap();
}

#[test]
fn an_expiring_key_makes_none_that_lives_longer_and_dies_in_time() {
    let house = House::new();
    let account = house.register("john");
    let hour = std::time::Duration::from_secs(3600);
    let until = |at| NewApiKey { expires_at: at, ..new_key(&[]) };
    let expires = house.accounts.now().plus(hour);
    let created = block_on(house.accounts.admin().create_api_key(account.id, &until(Some(expires)))).unwrap();
    let token = created.token.joined();
    let who = block_on(house.accounts.authenticate_api_key(&token, None)).unwrap();
    for longer in [None, Some(expires.plus(hour))] {
        let refused = block_on(house.accounts.api_keys().create(&who, &until(longer)));
        assert!(matches!(refused, Err(Error::WiderThanMaker)));
    }
    block_on(house.accounts.api_keys().create(&who, &until(Some(expires)))).unwrap();
    house.later(3599);
    assert!(block_on(house.accounts.authenticate_api_key(&token, None)).is_ok());
    house.later(1);
    assert!(block_on(house.accounts.authenticate_api_key(&token, None)).is_err());
    let passed = block_on(house.accounts.admin().create_api_key(account.id, &until(Some(expires)))).map(drop);
    assert_eq!(fault(&passed.unwrap_err()), Some(("expires_at", &Fault::NotAFutureTime)));
}

#[test]
fn sec_33_a_wrong_secret_and_an_unknown_identifier_are_one_answer() {
    let house = House::new();
    let account = house.register("john");
    let token = house.key(&account, &[]).token.joined();
    let last = if token.ends_with('a') { "b" } else { "a" };
    let wrong = format!("{}{last}", &token[..47]);
    let unknown = format!("ptlc_00000000000{}", &token[16..]);
    let cases = [
        wrong,
        unknown,
        token[..47].to_owned(),
        format!("{}x", *token),
        token.to_uppercase(),
        "x".repeat(60_000),
    ];
    for presented in cases {
        let refused = block_on(house.accounts.authenticate_api_key(&presented, None));
        assert!(matches!(refused, Err(Error::Unauthenticated)));
    }
    let application = format!("ptla_{}", &token[5..]);
    let refused = block_on(house.accounts.authenticate_api_key(&application, None));
    assert!(matches!(refused, Err(Error::WrongKeyKind)));
}

#[test]
fn sec_50_nobody_touches_what_is_another_account_s() {
    let house = House::new();
    let (john, mary) = (house.register("john"), house.register("mary"));
    let (who, mary_token) = (house.by_session(&john).0, house.by_session(&mary).1);
    let hers = house.key(&mary, &[]).key.identifier;
    let session = house.session(&mary_token).unwrap();
    let account_core::Credential::Session(session) = session.credential() else { panic!("a session") };
    assert!(matches!(block_on(house.accounts.api_keys().delete(&who, hers.as_str())), Err(Error::NotFound)));
    assert!(matches!(
        block_on(house.accounts.sessions().end(&who, &session.to_string())),
        Err(Error::NotFound)
    ));
    assert!(matches!(block_on(house.accounts.sessions().end(&who, "' or 1=1")), Err(Error::NotFound)));
    block_on(house.accounts.sessions().end_others(&who)).unwrap();
    assert!(house.session(&mary_token).is_ok());
    assert_eq!(block_on(house.accounts.admin().api_keys(mary.id)).unwrap().len(), 1);
}

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk";

#[test]
fn an_ssh_key_is_added_once_and_removed_by_any_spelling_of_its_fingerprint() {
    let house = House::new();
    let account = house.register("john");
    let (who, _) = house.by_session(&account);
    let (name, key) = (SshKeyName::parse("laptop").unwrap(), SshPublicKey::parse(ED25519).unwrap());
    let add = || block_on(house.accounts.ssh_keys().add(&who, &name, &key));
    let fingerprint = add().unwrap().fingerprint().to_string();
    assert_eq!(fault(&add().unwrap_err()), Some(("public_key", &Fault::SshKeyPresent)));
    let bare = fingerprint.trim_start_matches("SHA256:");
    for spelling in [fingerprint.clone(), bare.to_owned(), format!("{fingerprint}=")] {
        block_on(house.accounts.ssh_keys().remove(&who, &spelling)).unwrap();
        assert!(block_on(house.accounts.ssh_keys().list(&who)).unwrap().is_empty(), "{spelling}");
        add().unwrap();
    }
    let before = house.events(&who);
    for unknown in ["nonsense", "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        block_on(house.accounts.ssh_keys().remove(&who, unknown)).unwrap();
    }
    assert_eq!(house.events(&who), before);
}

#[test]
fn descriptions_and_lists_come_back_as_they_were_written() {
    let house = House::new();
    let account = house.register("john");
    let wanted = NewApiKey {
        description: Description::parse("Ünïcode \u{1f511} 'quoted' \"too\"").unwrap(),
        allowed_ips: AllowedIps::parse(&["192.168.10.10/28", "::ffff:7f00:1"]).unwrap(),
        expires_at: None,
    };
    block_on(house.accounts.admin().create_api_key(account.id, &wanted)).unwrap();
    let listed = block_on(house.accounts.admin().api_keys(account.id)).unwrap().remove(0);
    assert_eq!((listed.description, listed.allowed_ips), (wanted.description, wanted.allowed_ips));
}

#[test]
fn sec_37_who_has_ended_meanwhile_hears_of_that_and_not_of_what_they_named() {
    let house = House::new();
    let account = house.register("john");
    let (owner, _) = house.by_session(&account);
    let key = house.key(&account, &[]);
    let who = block_on(house.accounts.authenticate_api_key(&key.token.joined(), None)).unwrap();
    block_on(house.accounts.api_keys().delete(&owner, key.key.identifier.as_str())).unwrap();
    for id in ["none", "", "00000000000000000000000000000000"] {
        let ended = block_on(house.accounts.sessions().end(&who, id));
        assert!(matches!(ended, Err(Error::Unauthenticated)), "{id}: {ended:?}");
        let deleted = block_on(house.accounts.api_keys().delete(&who, id));
        assert!(matches!(deleted, Err(Error::Unauthenticated)), "{id}: {deleted:?}");
    }
}
