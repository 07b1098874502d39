//! People who come from another system sign in with the password that they had there (contract 9.1, SEC-08).

use account_core::admin::{InitialPassword, NewUser};
use account_core::email::Email;
use account_core::password::PasswordHash;
use account_core::profile::{Language, Username};

use crate::house::House;
use crate::store_kind::{Kind, on_every_store};

/// `correct horse`, by other programs.
const HASHES: [(&str, &str); 3] = [
    ("alice", "$2y$04$wJ.Hu8XOGTyyBa0BdNtGq.cyIYSVyGi/QLzaSjJ8dlhcjLTkHCaxm"),
    ("bob", "$2b$04$mPvGm0vp6SguCkNSLJVxNO/Dzo1kH9E8HvsTBvj0iIDLLl8hFQNcC"),
    (
        "carol",
        "$argon2id$v=19$m=64,t=2,p=2$wkKXHwn9B7It53hqMwcxWw$HEQlKBeIEEOxNyKlsi4bfWhkk12GFBqshvuWDSWN+vM",
    ),
];

fn an_imported_hash_is_good_and_is_made_anew_at_the_first_sign_in(kind: Kind) {
    let house = House::new(kind);
    for (name, hash) in HASHES {
        let user = NewUser {
            username: Username::parse(name).unwrap(),
            email: Email::parse(&format!("{name}@example.com")).unwrap(),
            first_name: None,
            last_name: None,
            language: Language::default(),
            admin: false,
            email_verified: false,
            password: InitialPassword::Imported(PasswordHash::from_stored(hash.to_owned()).unwrap()),
        };
        house.block_on(house.accounts.admin().register(user)).unwrap();
        assert_eq!(house.hasher.hashed(), 0, "the password is not known yet");
    }
    for (number, (name, _)) in HASHES.iter().enumerate() {
        assert_eq!(house.browser().login(name, "wrong horse").status, 400);
        assert_eq!(house.hasher.hashed(), number, "{name}: a wrong password raises nothing");
        for again in ["the first time", "and again"] {
            let browser = house.browser();
            assert_eq!(browser.login(name, "correct horse").status, 200, "{name}, {again}");
            assert!(browser.is_in());
            assert_eq!(house.hasher.hashed(), number + 1, "{name}, {again}");
        }
    }
}

on_every_store!(an_imported_hash_is_good_and_is_made_anew_at_the_first_sign_in);
