use proptest::prelude::*;

use super::*;
use crate::malformed::Malformed;

const SALT_AND_HASH: &str = "$AAECAwQFBgcICQoLDA0ODw$dMkOxVvsaS7hk7SajCtcZcy3y05c/vEBKisP4Stfsuo";

fn reading(text: &str) -> Result<Option<KeyName>, Malformed> {
    PasswordHash::from_stored(text.to_owned())?.pepper_name()
}

fn is_refused(text: &str) -> bool {
    let hash = PasswordHash::from_stored(text.to_owned()).unwrap();
    let request = VerifyRequest::new(&typed("correct horse"), &hash, ACCOUNT, &ring(&[ONE]));
    request.is_err_and(|error| error == HasherError::Malformed)
}

#[test]
fn sec_07_what_would_cost_too_much_is_refused_before_it_is_computed() {
    let argon2 = |costs: &str| format!("$argon2id$v=19${costs}{SALT_AND_HASH}");
    assert!(!is_refused(&argon2("m=262144,t=16,p=8")));
    for costs in [
        "m=262145,t=2,p=1",
        "m=4194304,t=2,p=1",
        "m=4294967296,t=2,p=1",
        "m=19456,t=17,p=1",
        "m=19456,t=2,p=9",
        "m=7,t=1,p=1",
        "m=19456,t=0,p=1",
        "m=19456,t=2,p=0",
    ] {
        assert!(is_refused(&argon2(costs)), "{costs}");
    }
    let bcrypt = |cost: &str| format!("$2y${cost}$wJ.Hu8XOGTyyBa0BdNtGq.cyIYSVyGi/QLzaSjJ8dlhcjLTkHCaxm");
    assert!(!is_refused(&bcrypt("10")));
    for cost in ["03", "16", "31", "99", "1", "+9"] {
        assert!(is_refused(&bcrypt(cost)), "{cost}");
    }
}

#[test]
fn a_text_of_no_known_kind_is_malformed() {
    let costs = "m=19456,t=2,p=1";
    for text in [
        "$".to_owned(),
        "$argon2id".to_owned(),
        "$5$rounds=5000$salt$hash".to_owned(),
        format!("$argon2x$v=19${costs}{SALT_AND_HASH}"),
        format!("$argon2id$v=20${costs}{SALT_AND_HASH}"),
        format!("$argon2id$v=19$t=2,m=19456,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=+19456,t=2,p=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19$m=19456,t=2,p=1,q=1{SALT_AND_HASH}"),
        format!("$argon2id$v=19${costs},keyid=b25l{SALT_AND_HASH}"),
        format!("$argon2id$v=19${costs},keyid=T05F,data=dWlk{SALT_AND_HASH}"),
        format!("$argon2id$v=19${costs},keyid=b25l,data=b25l{SALT_AND_HASH}"),
        format!("$argon2id$v=19${costs}{SALT_AND_HASH}$more"),
        format!("$argon2id$v=19${costs}$AAEC{}", &SALT_AND_HASH[23..]),
        format!("$argon2id$v=19${costs}$AAECAwQFBgcICQoLDA0ODw$AAEC"),
        format!("$argon2id$v=19${costs}$AAECAwQFBgcICQoLDA0ODw"),
        "$2x$10$wJ.Hu8XOGTyyBa0BdNtGq.cyIYSVyGi/QLzaSjJ8dlhcjLTkHCaxm".to_owned(),
        "$2y$10$short".to_owned(),
    ] {
        assert!(reading(&text).is_err(), "{text}");
    }
    for text in ["", "plain", "$2y$10$caf\u{e9}", "$2y$10$ blank", &"$".repeat(513)] {
        assert!(PasswordHash::from_stored(text.to_owned()).is_err(), "{text}");
    }
}

#[test]
fn what_is_printed_is_read_back() {
    for name in ["one", "k-0123456789abcd"] {
        let name = KeyName::parse(name).unwrap();
        let hash = Argon2Params::default().dummy_hash(&name);
        assert_eq!(reading(hash.as_str()), Ok(Some(name)));
    }
}

proptest! {
    #[test]
    fn no_stored_text_makes_the_reader_panic(
        text in "\\$\\PC{0,80}|\\$argon2(id|i|d)(\\$v=[0-9]{1,3})?\\$m=[0-9]{1,11},t=[0-9]{1,3},p=[0-9](,keyid=[A-Za-z]{0,8})?(,data=dWlk)?(\\$[A-Za-z0-9+/]{0,50}){0,3}|\\$2[aby]\\$[0-9]{2}\\$[A-Za-z0-9./]{50,55}",
    ) {
        let _ = reading(&text);
    }
}
