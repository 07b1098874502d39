//! Changing the password, and what that ends (contract 3.3 and 10).

use account_core::mail::{MessageKind, Notice};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::raw_client::Answer;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/password";
const NEW: &str = "another horse battery";

fn body(new: &str) -> Value {
    json!({"current_password": PASSWORD, "password": new, "password_confirmation": new})
}

fn rules(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 422, "{answer:?}");
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|error| {
            assert_eq!(error["meta"]["source_field"], "password", "{error}");
            error["meta"]["rule"].as_str().unwrap().to_owned()
        })
        .collect()
}

fn sec_47_by_session_all_other_sessions_end_and_this_one_goes_on_under_a_new_token(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (own, other) = (house.signed_in(&alice.account), house.signed_in(&alice.account));
    house.mails();
    let old = own.cookie().unwrap();
    let answer = own.put(PATH, &body(NEW));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let set = answer.header("set-cookie").unwrap();
    assert!(
        set.starts_with("__Host-account_session=") && set.contains("; Secure; HttpOnly; SameSite=Lax"),
        "{set}"
    );
    assert_ne!(own.cookie().unwrap(), old);
    assert!(own.is_in());
    assert!(!own.with_cookie(&old).is_in(), "SEC-43: the old token is dead");
    assert!(!other.is_in());
    assert_eq!(alice.get("/api/client/account").status, 200, "keys stay");
    assert_eq!(house.browser().login("alice", PASSWORD).status, 400);
    assert_eq!(house.browser().login("alice", NEW).status, 200);
    assert_eq!(alice.events().iter().filter(|event| *event == "user:account.password-changed").count(), 1);
    let notice = MessageKind::Notice(Notice::PasswordChanged);
    assert_eq!(house.mails().iter().map(|mail| mail.kind).collect::<Vec<_>>(), [notice]);
}

fn sec_47_by_key_every_session_ends_and_all_keys_stay(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let browser = house.signed_in(&alice.account);
    let answer = alice.put(PATH, &body(NEW));
    assert_eq!((answer.status, answer.header("set-cookie")), (204, None));
    assert!(!browser.is_in());
    assert_eq!(alice.get("/api/client/account").status, 200);
}

fn policy_may_end_the_keys_too(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.revoke_api_keys_on_password_change = true);
    let alice = house.person("alice");
    assert_eq!(alice.put(PATH, &body(NEW)).status, 204);
    assert_eq!(alice.get("/api/client/account").status, 401);
}

fn the_current_password_is_judged_first_and_f_27_never_trimmed(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    for current in [json!("wrong"), json!(null), json!(""), json!(["a"]), json!({}), json!(true)] {
        let answer = alice.put(PATH, &json!({"current_password": current, "password": "x"}));
        let expected = (400, "InvalidPasswordProvidedException");
        assert_eq!((answer.status, answer.code().as_str()), expected, "{current}");
    }
    assert_eq!(alice.put(PATH, &json!({"password": NEW, "password_confirmation": NEW})).status, 400);
    let spaced = "  outer spaces count  ";
    assert_eq!(alice.put(PATH, &body(spaced)).status, 204);
    let back = |current: &str| {
        alice.put(
            PATH,
            &json!({"current_password": current, "password": PASSWORD, "password_confirmation": PASSWORD}),
        )
    };
    assert_eq!(back(spaced.trim()).status, 400);
    assert_eq!(back(spaced).status, 204);
}

fn each_rule_of_the_new_password_is_reported_on_password(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for (new, confirmation, expected) in [
        (json!(null), json!(null), &["required"][..]),
        (json!(""), json!(""), &["required"]),
        (json!(12_345_678), json!(12_345_678), &["string"]),
        (json!("long enough"), json!(null), &["confirmed"]),
        (json!("long enough"), json!("long enough "), &["confirmed"]),
        (json!("short"), json!("other"), &["confirmed", "min"]),
        (json!("1234567"), json!("1234567"), &["min"]),
        (
            json!("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"),
            json!("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}"),
            &["min"],
        ),
        (json!("password123"), json!("password123"), &["uncompromised"]),
        (json!("alice@example.com"), json!("alice@example.com"), &["uncompromised"]),
        (json!("x".repeat(10_000)), json!("x".repeat(10_000)), &["max"]),
    ] {
        let body =
            json!({"current_password": PASSWORD, "password": new, "password_confirmation": confirmation});
        let found = rules(&alice.put(PATH, &body));
        assert_eq!(found, expected, "{new}");
    }
    let detail = alice.put(PATH, &body("short")).error().1;
    assert_eq!(detail, "The password must be at least 8 characters.");
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200, "nothing changed");
}

fn sec_02_and_03_any_long_password_counts_to_its_last_character(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    let long: String = (0..128).map(|i| char::from(b'a' + i % 23)).collect();
    assert_eq!(alice.put(PATH, &body(&long)).status, 204);
    for length in [64, 72, 127] {
        assert_eq!(house.browser().login("alice", &long[..length]).status, 400, "F-28: {length}");
    }
    assert_eq!(house.browser().login("alice", &long).status, 200);
    let next = |current: &str, new: &str| {
        alice
            .put(PATH, &json!({"current_password": current, "password": new, "password_confirmation": new}))
            .status
    };
    assert_eq!(next(&long, "        "), 204, "spaces only");
    assert_eq!(next("        ", "caf\u{e9} au lait"), 204);
    assert_eq!(
        house.browser().login("alice", "cafe\u{301} au lait").status,
        200,
        "SEC-04: one text in both forms"
    );
    assert_eq!(next("caf\u{e9} au lait", "caf\u{e9} au lait"), 204, "the same again is allowed");
    let longest = "\u{e9}".repeat(256);
    assert_eq!(next("caf\u{e9} au lait", &format!("{longest}x")), 422);
    assert_eq!(next("caf\u{e9} au lait", &longest), 204, "256 characters");
    assert_eq!(next(&longest, "8 letter"), 204);
}

fn a_change_by_one_session_that_another_is_in_the_middle_of_ends_it(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let browsers: Vec<_> = (0..3).map(|_| house.signed_in(&alice.account)).collect();
    let cookies: Vec<String> = browsers.iter().map(|browser| browser.cookie().unwrap()).collect();
    let asks: Vec<_> = cookies
        .iter()
        .map(|cookie| {
            let ask = crate::raw_client::Ask::new("PUT", PATH).header("Cookie", cookie);
            ask.header("Sec-Fetch-Site", "same-origin").json(&body(NEW))
        })
        .collect();
    let address = house.served.address;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racing: Vec<_> = asks.iter().map(|ask| scope.spawn(move || ask.send(address).status)).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 204).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 204 | 400 | 401)), "{statuses:?}");
    assert!(cookies.iter().all(|cookie| !house.browser().with_cookie(cookie).is_in()));
}

on_every_store!(
    sec_47_by_session_all_other_sessions_end_and_this_one_goes_on_under_a_new_token,
    sec_47_by_key_every_session_ends_and_all_keys_stay,
    policy_may_end_the_keys_too,
    the_current_password_is_judged_first_and_f_27_never_trimmed,
    each_rule_of_the_new_password_is_reported_on_password,
    sec_02_and_03_any_long_password_counts_to_its_last_character,
    a_change_by_one_session_that_another_is_in_the_middle_of_ends_it,
);
