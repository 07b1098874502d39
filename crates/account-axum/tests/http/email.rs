//! Changing the e-mail address (contract 3.2).

use account_core::mail::{MessageKind, Notice};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::person::Person;
use crate::raw_client::Answer;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/email";

fn change(person: &Person<'_>, email: &str) -> Answer {
    person.put(PATH, &json!({"email": email, "password": PASSWORD}))
}

fn rules(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 422, "{answer:?}");
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|error| {
            assert_eq!(error["meta"]["source_field"], "email", "{error}");
            error["meta"]["rule"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn the_address_changes_keeps_its_spelling_and_both_are_told(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.mails();
    let answer = change(&alice, "  Alice.New@Example.com ");
    assert_eq!((answer.status, answer.body.len(), answer.header("content-type")), (204, 0, None));
    assert_eq!(alice.details()["email"], "Alice.New@Example.com");
    let entry = alice.get("/api/client/account/activity?filter[event]=email-changed").json();
    let properties = json!({"old": "alice@example.com", "new": "Alice.New@Example.com"});
    assert_eq!(entry["data"][0]["attributes"]["properties"], properties);
    let mut told: Vec<_> = house.mails().into_iter().map(|mail| (mail.to, mail.kind)).collect();
    told.sort_by(|one, other| one.0.cmp(&other.0));
    let notice = MessageKind::Notice(Notice::EmailChanged);
    assert_eq!(told, [("Alice.New@Example.com".into(), notice), ("alice@example.com".into(), notice)]);
}

fn the_password_is_judged_before_the_address_and_whatever_is_no_password_is_wrong(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    house.account("bob");
    let wrong =
        ["wrong".into(), json!(null), json!(""), json!(["a"]), json!(1), json!(" correct horse battery ")];
    for email in [json!("new@example.com"), json!("bob@example.com"), json!("nope"), json!(null)] {
        let mut bodies: Vec<Value> = vec![json!({"email": email})];
        bodies.extend(wrong.iter().map(|password| json!({"email": email, "password": password})));
        let answers: Vec<_> = bodies.iter().map(|body| alice.put(PATH, body)).collect();
        for answer in &answers {
            let expected = (400, "InvalidPasswordProvidedException");
            assert_eq!((answer.status, answer.code().as_str()), expected);
            assert_eq!(answer.error().1, "The password provided was invalid for this account.");
        }
        // SEC-55: taken or free, a wrong password tells nothing.
        assert!(answers.windows(2).all(|pair| pair[0].body == pair[1].body));
    }
}

fn each_rule_of_the_address_has_its_name(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.account("bob");
    let long =
        |length: usize| format!("a@{}.com", vec!["b".repeat(45); 5].join(".")[..length - 6].to_owned());
    for (email, expected) in [
        (json!(null), &["required"][..]),
        (json!("   "), &["required"]),
        (json!(["a@b.c"]), &["email"]),
        (json!("a@"), &["email"]),
        (json!("a b@example.com"), &["email"]),
        (json!("\"quoted\"@example.com"), &["email"]),
        (json!("a@b@c.com"), &["email"]),
        (json!("a@example.com\u{1}x"), &["email"]),
        (json!(long(192)), &["between"]),
        (json!(format!("{}@example.com", "a".repeat(65))), &["email"]),
        (json!(format!("{}a@example.com", "\u{fc}".repeat(32))), &["email"]),
        (json!("bob@example.com"), &["unique"]),
        (json!(" BOB@Example.COM "), &["unique"]),
    ] {
        // A taken address counts as a change of today (F-4), so each gets a day of its own.
        house.later(86_400);
        assert_eq!(
            rules(&alice.put(PATH, &json!({"email": email, "password": PASSWORD}))),
            expected,
            "{email}"
        );
    }
    assert_eq!(alice.put(PATH, &json!({"password": PASSWORD})).code(), "ValidationException");
    let answer = alice.put(PATH, &json!({"email": long(192), "password": PASSWORD}));
    assert_eq!(answer.error().1, "The email must be between 1 and 191 characters.");
    let longest_names =
        [format!("{}@example.com", "a".repeat(64)), format!("{}@example.com", "\u{fc}".repeat(32))];
    for email in ["a@b", "o'brien@example.com", "a+tag@example.com", "\u{fc}ser@example.com", &long(191)]
        .into_iter()
        .chain(longest_names.iter().map(String::as_str))
    {
        house.later(86_400);
        assert_eq!(change(&alice, email).status, 204, "{email}");
    }
}

fn the_same_address_is_fine_and_nothing_happened(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let before = alice.events().len();
    for _ in 0..5 {
        assert_eq!(change(&alice, "ALICE@example.com").status, 204);
    }
    assert_eq!(alice.details()["email"], "alice@example.com");
    assert_eq!(alice.events().len(), before);
}

fn f_4_every_try_of_another_address_counts_taken_or_not(kind: Kind) {
    let house = House::new(kind);
    let (alice, _bob) = (house.person("alice"), house.account("bob"));
    for (email, expected) in
        [("bob@example.com", 422), ("nope", 422), ("one@example.com", 204), ("bob@example.com", 422)]
    {
        assert_eq!(change(&alice, email).status, expected, "{email}");
    }
    for email in ["two@example.com", "bob@example.com"] {
        let refused = change(&alice, email);
        let expected = "Your email address has been changed too many times today. Please try again later.";
        assert_eq!(refused.error(), ("TooManyRequestsHttpException".into(), expected.into()));
        assert_eq!((refused.status, refused.header("retry-after")), (429, Some("86400")));
    }
    assert_eq!(change(&alice, "one@example.com").status, 204, "the own address counts for nothing");
    house.later(86_400);
    assert_eq!(change(&alice, "two@example.com").status, 204);
}

fn an_address_that_was_given_up_is_free_and_sessions_and_keys_stay(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let browser = house.signed_in(&alice.account);
    assert_eq!(change(&alice, "new@example.com").status, 204);
    assert!(browser.is_in());
    assert_eq!(change(&bob, "alice@example.com").status, 204);
    assert_eq!(house.browser().login("alice@example.com", PASSWORD).status, 200);
}

fn f_40_five_wrong_passwords_close_every_endpoint_that_asks_for_one(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for _ in 0..2 {
        assert_eq!(alice.put(PATH, &json!({"email": "x@example.com", "password": "wrong"})).status, 400);
    }
    let two_factor = "/api/client/account/two-factor";
    assert_eq!(alice.post(two_factor, &json!({"code": "123456", "password": "wrong"})).status, 400);
    let password = "/api/client/account/password";
    assert_eq!(alice.put(password, &json!({"current_password": "wrong"})).status, 400);
    assert_eq!(
        alice.post("/api/client/account/two-factor/disable", &json!({"password": "wrong"})).status,
        400
    );
    let hashed = house.hasher.verified();
    for answer in [
        change(&alice, "x@example.com"),
        alice.put(password, &json!({"current_password": PASSWORD, "password": "x"})),
        alice.post(two_factor, &json!({"code": "123456", "password": PASSWORD})),
        alice.post("/api/client/account/two-factor/disable", &json!({"password": PASSWORD})),
        alice.post("/api/client/account/two-factor/recovery-tokens", &json!({"password": PASSWORD})),
    ] {
        assert_eq!((answer.status, answer.code().as_str()), (429, "ThrottleRequestsException"), "{answer:?}");
        assert_eq!(answer.header("retry-after"), Some("60"));
    }
    assert_eq!(house.hasher.verified(), hashed, "SEC-14: refused before any hashing");
    house.later(60);
    assert_eq!(change(&alice, "x@example.com").status, 204);
}

on_every_store!(
    the_address_changes_keeps_its_spelling_and_both_are_told,
    the_password_is_judged_before_the_address_and_whatever_is_no_password_is_wrong,
    each_rule_of_the_address_has_its_name,
    the_same_address_is_fine_and_nothing_happened,
    f_4_every_try_of_another_address_counts_taken_or_not,
    an_address_that_was_given_up_is_free_and_sessions_and_keys_stay,
    f_40_five_wrong_passwords_close_every_endpoint_that_asks_for_one,
);
