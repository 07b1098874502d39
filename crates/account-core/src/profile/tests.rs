use proptest::prelude::*;

use super::{Language, Login, PersonName, Username};
use crate::field::Fault;

#[test]
fn usernames_are_stored_in_lower_case() {
    for (typed, stored) in [("john_doe", "john_doe"), ("A.b-C", "a.b-c"), ("123", "123"), ("a--b", "a--b")] {
        assert_eq!(Username::parse(typed).unwrap().as_str(), stored);
    }
    assert!(Username::from_stored("John".to_owned()).is_err());
}

#[test]
fn usernames_out_of_their_alphabet_are_refused() {
    for text in ["_ab", "ab_", "-ab", "a@b", "a b", "äbc", "ab\n", "a\0b", "\u{212a}ing", "a/b"] {
        assert_eq!(Username::parse(text), Err(vec![Fault::Format]), "{text:?}");
    }
    let between = Fault::Between { min: 3, max: 191 };
    assert_eq!(Username::parse("ab"), Err(vec![between.clone()]));
    assert_eq!(Username::parse(&"a".repeat(192)), Err(vec![between.clone()]));
    assert_eq!(Username::parse("_"), Err(vec![Fault::Format, between]));
    assert_eq!(Username::parse(""), Err(vec![Fault::Required]));
    assert!(Username::parse(&"a".repeat(191)).is_ok());
}

#[test]
fn names_keep_what_was_typed_in_nfc() {
    assert_eq!(PersonName::parse("Rene\u{301}").unwrap().as_str(), "Ren\u{e9}");
    assert_eq!(PersonName::parse(&"ä".repeat(191)).unwrap().as_str().chars().count(), 191);
    assert_eq!(PersonName::parse(&"ä".repeat(192)), Err(vec![Fault::Between { min: 1, max: 191 }]));
    assert_eq!(PersonName::parse("a\u{202e}b"), Err(vec![Fault::Format]));
    assert_eq!(PersonName::parse("  "), Err(vec![Fault::Required]));
}

#[test]
fn languages_have_the_shape_of_a_tag() {
    for text in ["en", "de", "pt-BR", "pt_BR", "zh-Hant-TW", "sr-Latn"] {
        assert_eq!(Language::parse(text).unwrap().as_str(), text);
    }
    for text in ["e", "e1", "en-", "-en", "en--us", "en us", "../en", "englishish", "én"] {
        assert_eq!(Language::parse(text), Err(vec![Fault::Format]), "{text:?}");
    }
    assert_eq!(Language::parse(&["en"; 12].join("-")).unwrap().as_str().len(), 35);
    assert_eq!(Language::parse(&["en"; 13].join("-")), Err(vec![Fault::TooLong(35)]));
}

#[test]
fn a_login_with_an_at_sign_is_an_address_and_nothing_else() {
    assert!(matches!(Login::parse("A@B.c"), Some(Login::Email(_))));
    assert!(matches!(Login::parse("ABC"), Some(Login::Username(_))));
    for text in ["", "a@", "@", "two words", "ab"] {
        assert_eq!(Login::parse(text), None, "{text:?}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_what_is_taken_comes_back_from_the_store(text in any::<String>()) {
        let _ = Login::parse(&text);
        if let Ok(name) = Username::parse(&text) {
            prop_assert_eq!(Username::from_stored(name.as_str().to_owned()), Ok(name));
        }
        if let Ok(name) = PersonName::parse(&text) {
            prop_assert_eq!(PersonName::from_stored(name.as_str().to_owned()), Ok(name));
        }
        if let Ok(language) = Language::parse(&text) {
            prop_assert_eq!(Language::from_stored(language.as_str().to_owned()), Ok(language));
        }
    }

    #[test]
    fn every_username_signs_in_in_any_case(text in "[a-zA-Z0-9][a-zA-Z0-9_.-]{1,20}[a-zA-Z0-9]") {
        let name = Username::parse(&text).unwrap();
        prop_assert_eq!(Login::parse(&text.to_uppercase()), Some(Login::Username(name.clone())));
        let json = serde_json::to_string(&name).unwrap();
        prop_assert_eq!(serde_json::from_str::<Username>(&json).unwrap(), name);
    }
}
