use proptest::prelude::*;

use super::Email;
use crate::field::Fault;

fn canonical(text: &str) -> String {
    Email::parse(text).unwrap_or_else(|faults| panic!("{text:?}: {faults:?}")).canonical().to_owned()
}

#[test]
fn addresses_that_the_contract_takes_are_taken() {
    for text in [
        "a@b",
        "john@example.com",
        "a+tag@example.com",
        "o'brien@example.com",
        "üser@example.com",
        "user@bücher.example",
        "用户@例子.广告",
        "a@xn--bcher-kva.example",
        "a@1.example",
        "a@b--c.example",
        "!#$%&'*+-/=?^_`{|}~@example.com",
    ] {
        let email = Email::parse(text).unwrap();
        assert_eq!(email.as_str(), text);
        assert_eq!(Email::from_stored(text.to_owned(), email.canonical().to_owned()), Ok(email));
    }
    for (local, domain) in [(64, 63), (1, 63)] {
        Email::parse(&format!("{}@{}.com", "a".repeat(local), "b".repeat(domain))).unwrap();
    }
}

#[test]
fn texts_that_are_no_addresses_break_the_email_rule() {
    let long_local = format!("{}@example.com", "a".repeat(65));
    let long_label = format!("a@{}.com", "b".repeat(64));
    let normalises_to_more_bytes = format!("{}@example.com", "\u{0958}".repeat(21));
    for text in [
        "nope",
        "@",
        "a@",
        "@b",
        "a@b@c.com",
        "a b@example.com",
        " a@example.com",
        "a@example.com ",
        "a..b@example.com",
        ".a@example.com",
        "a.@example.com",
        "a@exa_mple.com",
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "a@1",
        "a@example.com (comment)",
        "\"a\"@example.com",
        "a,b@example.com",
        "a@b,c",
        "a;b@example.com",
        "a:b@example.com",
        "a<b@example.com",
        "a\\b@example.com",
        "a@-b.com",
        "a@b-.com",
        "a@b..com",
        "a@.com",
        "a@com.",
        "a\r\n@example.com",
        "a@b\nc",
        "a\0@b",
        "a@b\0",
        "a\u{7f}@b",
        "a\u{85}@b",
        "a\u{a0}b@c",
        "a\u{202e}b@c",
        "a\u{200b}b@c",
        "a\u{feff}@c",
        "a\u{3000}@c",
        "a\u{e000}@c",
        "\u{ff20}@",
        "a\u{ff20}b",
        "a@xn--\u{fc}",
        "a@xn--a",
        "a@b。c",
        "a@\u{202e}b",
        &long_local,
        &long_label,
        &normalises_to_more_bytes,
    ] {
        assert_eq!(Email::parse(text), Err(vec![Fault::NotAnEmail]), "{text:?}");
    }
}

#[test]
fn a_blank_text_is_an_absent_address() {
    for text in ["", " ", "\t\n", "\u{3000}"] {
        assert_eq!(Email::parse(text), Err(vec![Fault::Required]), "{text:?}");
    }
}

#[test]
fn an_address_has_at_most_191_characters() {
    let domain = format!("{}.{}.com", "b".repeat(63), "c".repeat(58));
    let longest = format!("{}@{domain}", "a".repeat(64));
    assert_eq!(longest.chars().count(), 191);
    Email::parse(&longest).unwrap();
    let between = Fault::Between { min: 1, max: 191 };
    assert_eq!(Email::parse(&longest.replace(".com", ".info")), Err(vec![between.clone()]));
    assert_eq!(Email::parse(&"x".repeat(192)), Err(vec![Fault::NotAnEmail, between]));
    let label: String = "é中ж한ñ文щ글ü字ю말ö語я".to_owned();
    let wide = format!("{}@{label}.{label}.{label}", "a".repeat(64));
    assert!(wide.chars().count() < 191);
    let email = Email::parse(&wide).unwrap();
    assert!(email.canonical().chars().count() > 191, "its A-labels are longer, and do not count");
    assert_eq!(Email::from_stored(wide, email.canonical().to_owned()), Ok(email));
}

#[test]
fn sec_56_spellings_of_one_address_share_the_canonical_form() {
    assert_eq!(canonical("ALICE@Example.COM"), "alice@example.com");
    assert_eq!(canonical("a@BÜCHER.example"), "a@xn--bcher-kva.example");
    assert_eq!(canonical("a@XN--BCHER-KVA.example"), "a@xn--bcher-kva.example");
    assert_eq!(canonical("e\u{301}@b"), canonical("\u{e9}@b"));
    assert_eq!(canonical("E\u{301}@b"), canonical("\u{c9}@b"));
    assert_eq!(canonical("H\u{331}@b"), canonical("h\u{331}@b"));
    assert_eq!(canonical("JOS\u{c9}@b.de"), canonical("jos\u{e9}@b.de"));
    assert_eq!(canonical("E\u{301}@b"), canonical("\u{e9}@b"));
    assert_eq!(canonical("\u{3a3}\u{391}\u{3a3}@b"), canonical("\u{3c3}\u{3b1}\u{3c3}@b"));
    assert_eq!(canonical("\u{416}\u{41b}@b"), canonical("\u{436}\u{43b}@b"));
    assert_ne!(canonical("stra\u{df}e@b"), canonical("strasse@b"), "lower case, and no folding");
}

#[test]
fn sec_56_letters_that_fold_into_ascii_never_reach_an_ascii_address() {
    assert_ne!(canonical("kıng@example.com"), "king@example.com");
    assert_ne!(canonical("boſs@example.com"), "boss@example.com");
    for text in [
        "\u{212a}ing@example.com",
        "\u{130}da@example.com",
        "a@\u{212a}ing.com",
        "a@bo\u{17f}s.com",
        "a@ｅxample.com",
        "\u{1fef}@b",
    ] {
        assert_eq!(Email::parse(text), Err(vec![Fault::NotAnEmail]), "{text:?}");
    }
}

#[test]
fn a_stored_pair_that_does_not_agree_is_malformed() {
    for (typed, canonical) in [
        ("a@b", "A@b"),
        ("a@b", "c@b"),
        ("nope", "nope"),
        ("", ""),
        ("ü@b", "u@b"),
        ("a@bücher.example", "a@bücher.example"),
        ("a@b ", "a@b "),
    ] {
        assert!(Email::from_stored(typed.to_owned(), canonical.to_owned()).is_err(), "{typed} {canonical}");
    }
}

#[test]
fn equality_sees_the_spelling_and_same_address_does_not() {
    let (one, other) = (Email::parse("A@b.c").unwrap(), Email::parse("a@b.c").unwrap());
    assert_ne!(one, other);
    assert!(one.same_address(&other));
    assert_eq!(serde_json::to_string(&one).unwrap(), "\"A@b.c\"");
    assert_eq!(serde_json::from_str::<Email>("\"A@b.c\"").unwrap(), one);
    assert!(serde_json::from_str::<Email>("\"b.c\"").is_err());
}

fn address_like() -> impl Strategy<Value = String> {
    (
        "[a-zA-Z\u{c0}-\u{24f}\u{300}-\u{36f}\u{370}-\u{52f}\u{1e00}-\u{1fff}\u{900}-\u{97f}.+ı]{1,12}",
        "[a-zA-Z0-9\u{c0}-\u{24f}\u{300}-\u{30f}\u{4e00}-\u{4e20}.ß-]{1,16}",
    )
        .prop_map(|(local, domain)| format!("{local}@{domain}"))
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), other in any::<String>()) {
        let _ = Email::parse(&text);
        let _ = Email::from_stored(text, other);
    }

    #[test]
    fn sec_56_the_canonical_form_is_its_own_canonical_form(text in address_like()) {
        if let Ok(email) = Email::parse(&text) {
            let again = Email::parse(email.canonical());
            prop_assert_eq!(again.map(|again| again.canonical().to_owned()), Ok(email.canonical().to_owned()));
            prop_assert!(email.canonical().bytes().all(|b| !b.is_ascii_uppercase()));
            let stored = Email::from_stored(email.as_str().to_owned(), email.canonical().to_owned());
            prop_assert_eq!(stored, Ok(email));
        }
    }

    #[test]
    fn sec_56_the_case_of_the_local_part_makes_no_other_address(text in address_like()) {
        if let Ok(email) = Email::parse(&text) {
            let (local, domain) = text.split_once('@').unwrap_or_default();
            let lower: String = local.chars().flat_map(char::to_lowercase).collect();
            let again = Email::parse(&format!("{lower}@{domain}"));
            prop_assert_eq!(again.map(|again| again.canonical().to_owned()), Ok(email.canonical().to_owned()));
        }
    }

    #[test]
    fn sec_56_only_an_ascii_address_has_an_ascii_local_part(text in address_like()) {
        if let Ok(email) = Email::parse(&text) {
            let ascii = |text: &str| text.split_once('@').is_some_and(|(local, _)| local.is_ascii());
            prop_assert_eq!(ascii(&text), ascii(email.canonical()));
        }
    }
}
