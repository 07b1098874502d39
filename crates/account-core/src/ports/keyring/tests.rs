//! What the ring promises, tried from outside.

use proptest::prelude::*;

use super::*;
use crate::ports::entropy::{Entropy, EntropyError, OsEntropy};

const ONE: &str = "one:q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
const TWO: &str = "two:EjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8=";

struct Broken;

impl Entropy for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

fn ring(entries: &[&str]) -> Keyring {
    Keyring::parse(&entries.join("\n")).unwrap()
}

fn name(text: &str) -> KeyName {
    KeyName::parse(text).unwrap()
}

fn refusal(text: &str) -> KeyringError {
    Keyring::parse(text).unwrap_err()
}

#[test]
fn sec_30_a_ring_reads_with_all_its_keys_and_writes_with_the_first() {
    let old = ring(&[ONE]);
    let both = ring(&["# rotated", TWO, "", ONE]);
    let sealed = old.seal(&OsEntropy, Purpose::Mail, &[b"a"], b"letter").unwrap();
    let mac = old.mac(MacPurpose::Session, &[b"a"]);
    assert_eq!(*both.open(Purpose::Mail, &[b"a"], &sealed).unwrap(), b"letter");
    both.verify_mac(MacPurpose::Session, &[b"a"], &mac).unwrap();

    let renewed = both.seal(&OsEntropy, Purpose::Mail, &[b"a"], b"letter").unwrap();
    assert!(both.is_current(renewed.key_name()) && !both.is_current(sealed.key_name()));
    assert_eq!(*ring(&[TWO]).open(Purpose::Mail, &[b"a"], &renewed).unwrap(), b"letter");
    assert_eq!(old.open(Purpose::Mail, &[b"a"], &renewed).unwrap_err(), OpenError::UnknownKey(name("two")));
    assert_eq!(
        ring(&[TWO]).verify_mac(MacPurpose::Session, &[b"a"], &mac),
        Err(OpenError::UnknownKey(name("one")))
    );
}

#[test]
fn sec_30_a_bad_ring_is_refused_with_its_reason() {
    let key = ONE.split_once(':').unwrap().1;
    assert_eq!(refusal(""), KeyringError::Empty);
    assert_eq!(refusal(" ,\n# one:AAAA\n"), KeyringError::Empty);
    assert_eq!(refusal(key), KeyringError::NotAnEntry(1));
    assert_eq!(refusal(&format!("{ONE}\nOne:{key}")), KeyringError::BadName(2));
    assert_eq!(refusal(&format!("{}:{key}", "n".repeat(17))), KeyringError::BadName(1));
    assert_eq!(refusal("one:not base64"), KeyringError::NotBase64(name("one")));
    assert_eq!(
        refusal("one:q83vEjRWeJCrze8SNFZ4kA=="),
        KeyringError::WrongLength { name: name("one"), bytes: 16 }
    );
    assert_eq!(refusal(&format!("one:{}=", "A".repeat(43))), KeyringError::NotRandom(name("one")));
    assert_eq!(refusal(&format!("one:{EXAMPLE_KEY}")), KeyringError::Example(name("one")));
    assert_eq!(refusal(&format!("{ONE},{ONE}")), KeyringError::RepeatedName(name("one")));
    assert_eq!(refusal(&format!("{ONE}, two:{key}")), KeyringError::RepeatedKey(name("one"), name("two")));
}

#[test]
fn no_refusal_repeats_the_key() {
    for text in [&ONE[4..], "one:secretsecret!", "one:c2VjcmV0c2VjcmV0"] {
        let error = refusal(text);
        for shown in [error.to_string(), format!("{error:?}")] {
            assert!(!shown.contains("secret") && !shown.contains(&text[4..]), "{shown}");
        }
    }
}

#[test]
fn a_new_ring_differs_from_every_other_and_can_be_renewed() {
    let text = Keyring::generate(&OsEntropy).unwrap();
    let old = Keyring::parse(&text).unwrap();
    assert_ne!(old.checks(), Keyring::parse(&Keyring::generate(&OsEntropy).unwrap()).unwrap().checks());

    let text = Keyring::text_with_new_key(&text, &OsEntropy).unwrap();
    let added = Keyring::parse(&text).unwrap();
    assert!(text.starts_with("# Keyring"));
    assert_eq!((added.current(), added.names().count()), (old.current(), 2));

    let name = added.names().nth(1).unwrap();
    let text = Keyring::text_with_current(&text, name).unwrap();
    let new = Keyring::parse(&text).unwrap();
    assert!(text.starts_with("# Keyring"));
    assert_eq!(new.names().collect::<Vec<_>>(), [name, old.current()]);
    assert_eq!(Keyring::text_with_new_key("", &OsEntropy), Err(KeyringError::Empty));
}

#[test]
fn making_a_key_current_keeps_comments_and_the_order_of_the_others() {
    let three = ONE.replace("one:q8", "three:r8");
    let text = format!("# ours\n\n{ONE} # made in March\n# since May:\n{TWO}, {three}");
    let renewed = Keyring::text_with_current(&text, &name("three")).unwrap();
    assert_eq!(*renewed, format!("# ours\n\n{three}\n{ONE} # made in March\n# since May:\n{TWO}\n"));
    assert_eq!(Keyring::text_with_current(&text, &name("four")), Err(KeyringError::Absent(name("four"))));
}

#[test]
fn sec_12_what_was_counted_is_found_again_through_every_step_of_a_rotation() {
    let first = Keyring::generate(&OsEntropy).unwrap();
    let counter = |text: &str| Keyring::parse(text).unwrap().lasting_mac(MacPurpose::Throttle, &[b"a"]);
    let mut text = first.clone();
    for _ in 0..3 {
        text = Keyring::text_with_new_key(&text, &OsEntropy).unwrap();
        assert_eq!(counter(&text), counter(&first));
        let newest = Keyring::parse(&text).unwrap().names().last().cloned().unwrap();
        text = Keyring::text_with_current(&text, &newest).unwrap();
        assert_eq!(counter(&text), counter(&first));
    }
}

#[test]
fn sec_31_nothing_is_made_without_randomness() {
    assert_eq!(Keyring::generate(&Broken), Err(EntropyError));
    assert_eq!(Keyring::text_with_new_key(ONE, &Broken), Err(KeyringError::Entropy(EntropyError)));
    assert_eq!(ring(&[ONE]).seal(&Broken, Purpose::Mail, &[], b"x"), Err(EntropyError));
}

#[test]
fn a_database_recognises_its_ring_and_no_other() {
    let (one, two, both) = (ring(&[ONE]), ring(&[TWO]), ring(&[TWO, ONE]));
    let recorded = one.checks();
    assert_eq!(one.verify_checks(&[]), Ok(Some(recorded[0].clone())));
    assert_eq!(one.verify_checks(&recorded), Ok(None));
    assert_eq!(both.verify_checks(&recorded), Ok(Some(two.checks()[0].clone())));
    assert_eq!(ring(&[ONE, TWO]).verify_checks(&recorded), Ok(None), "a key that never wrote");
    assert_eq!(both.verify_checks(&two.checks()), Ok(None), "a key that was retired");
    assert_eq!(two.verify_checks(&recorded), Err(KeyringError::Missing(name("one"))));
    let other = ring(&[&TWO.replace("two", "one")]);
    assert_eq!(other.verify_checks(&recorded), Err(KeyringError::Different(name("one"))));
}

#[test]
fn a_pepper_is_found_by_the_name_that_a_hash_carries() {
    let both = ring(&[TWO, ONE]);
    assert_eq!(both.pepper().name(), both.current());
    let old = both.pepper_named(&name("one")).unwrap();
    assert_eq!(old.secret(), ring(&[ONE]).pepper().secret());
    assert_ne!(old.secret(), both.pepper().secret());
    assert!(both.pepper_named(&name("three")).is_none());
}

#[test]
fn what_is_made_for_one_purpose_fits_no_other() {
    let ring = ring(&[ONE]);
    for purpose in Purpose::ALL {
        let sealed = ring.seal(&OsEntropy, purpose, &[], b"x").unwrap();
        for other in Purpose::ALL {
            assert_eq!(ring.open(other, &[], &sealed).is_ok(), other == purpose);
        }
    }
    for purpose in MacPurpose::ALL {
        let mac = ring.mac(purpose, &[]);
        for other in MacPurpose::ALL {
            assert_eq!(ring.verify_mac(other, &[], &mac).is_ok(), other == purpose);
        }
    }
}

#[test]
fn sec_32_nothing_prints_a_secret() {
    let ring = ring(&[ONE]);
    let sealed = ring.seal(&OsEntropy, Purpose::Mail, &[], b"letter").unwrap();
    let mac = ring.mac(MacPurpose::Session, &[]);
    assert_eq!(format!("{ring:?}"), r#"Keyring { names: ["one"], .. }"#);
    assert_eq!(format!("{sealed:?}"), r#"Sealed { key: "one", .. }"#);
    assert_eq!(format!("{mac:?}"), r#"Mac { key: "one", .. }"#);
    assert_eq!(format!("{:?}", ring.pepper()), r#"Pepper { name: KeyName("one"), .. }"#);
}

/// What is stored today must open tomorrow. Made by an independent implementation (Python); no
/// release may change it.
#[test]
fn what_an_earlier_release_stored_still_opens() {
    let ring = ring(&[ONE]);
    let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
    let sealed = Sealed::from_stored(hex(SEALED)).unwrap();
    assert_eq!(*ring.open(Purpose::TotpSecret, &[b"uid", b"1"], &sealed).unwrap(), b"plain");
    let mac = Mac::from_stored(hex(MACED)).unwrap();
    ring.verify_mac(MacPurpose::ApiKey, &[b"uid", b"1"], &mac).unwrap();
    assert_eq!(data_encoding::HEXLOWER.encode(&ring.checks()[0].check), CHECK);
}

const SEALED: &str =
    "01036f6e65000102030405060708090a0b0c0d0e0f101112131415161780e9e5e6a16031b04f2b2850365aecfb8e21b8c3c6";
const MACED: &str = "01036f6e6580c52c76e28674f85e1bfb1fc422d606a15ee5760c69b4f8088dcceab9520efb";
const CHECK: &str = "ca86fd37728eb1a336dda3c5b8df9e51";

proptest! {
    #[test]
    fn sec_26_no_altered_byte_opens_and_none_panics(
        plain in prop::collection::vec(any::<u8>(), 0..64), at in any::<prop::sample::Index>(), flip in 1u8..,
    ) {
        let ring = ring(&[ONE, TWO]);
        let sealed = ring.seal(&OsEntropy, Purpose::TotpSecret, &[b"uid"], &plain).unwrap();
        let mac = ring.mac(MacPurpose::ApiKey, &[&plain]);
        let flipped = |bytes: &[u8]| {
            let mut bytes = bytes.to_vec();
            let at = at.index(bytes.len());
            bytes[at] ^= flip;
            bytes
        };
        if let Ok(forged) = Sealed::from_stored(flipped(sealed.as_bytes())) {
            prop_assert!(ring.open(Purpose::TotpSecret, &[b"uid"], &forged).is_err());
        }
        if let Ok(forged) = Mac::from_stored(flipped(mac.as_bytes())) {
            prop_assert!(ring.verify_mac(MacPurpose::ApiKey, &[&plain], &forged).is_err());
        }
    }

    #[test]
    fn sec_26_a_value_swapped_to_another_owner_does_not_open(
        a in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..4),
        b in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..4), 0..4),
    ) {
        let ring = ring(&[ONE]);
        let [mine, theirs] = [&a, &b].map(|parts| parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let sealed = ring.seal(&OsEntropy, Purpose::TotpSecret, &mine, b"x").unwrap();
        prop_assert_eq!(ring.open(Purpose::TotpSecret, &theirs, &sealed).is_ok(), a == b);
        let mac = ring.mac(MacPurpose::ApiKey, &mine);
        prop_assert_eq!(ring.verify_mac(MacPurpose::ApiKey, &theirs, &mac).is_ok(), a == b);
    }

    #[test]
    fn stored_bytes_survive_the_store_and_rubbish_is_malformed(bytes in prop::collection::vec(any::<u8>(), 0..96)) {
        let ring = ring(&[ONE]);
        let sealed = ring.seal(&OsEntropy, Purpose::Mail, &[], &bytes).unwrap();
        prop_assert_eq!(&Sealed::from_stored(sealed.as_bytes().to_vec()).unwrap(), &sealed);
        if let Ok(sealed) = Sealed::from_stored(bytes.clone()) {
            prop_assert!(ring.open(Purpose::Mail, &[], &sealed).is_err());
        }
        if let Ok(mac) = Mac::from_stored(bytes) {
            prop_assert!(ring.verify_mac(MacPurpose::Session, &[], &mac).is_err());
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}|([a-z0-9-]{1,17}:[A-Za-z0-9+/=]{40,46}[,\n #]){0,4}") {
        if let Ok(ring) = Keyring::parse(&text) {
            prop_assert!(Keyring::text_with_new_key(&text, &OsEntropy).is_ok());
            for name in ring.names() {
                let renewed = Keyring::text_with_current(&text, name).unwrap();
                prop_assert!(Keyring::parse(&renewed).unwrap().is_current(name));
            }
            prop_assert!(ring.names().count() >= 1);
        }
    }
}
