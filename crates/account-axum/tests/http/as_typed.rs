//! What becomes of typed text before a rule looks at it (contract 1.1): passwords count as they are, everything
//! else without the blanks around it, and what is empty is absent.

use serde_json::{Value, json};

use crate::house::{House, ORIGIN, PASSWORD};
use crate::store_kind::{Kind, on_every_store};

const PADDED: &str = " correct horse battery ";

/// One blank of each kind that people and their keyboards make.
const BLANKS: &str = " \t\u{a0}\u{2003}\u{3000}\u{2028}";

fn a_password_counts_with_the_blanks_around_it_wherever_it_is_asked_for(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    let secret = alice.set_up();
    let code = house.code(&secret, 0);
    let two_factor = "/api/client/account/two-factor";
    assert_eq!(house.browser().login("alice", PADDED).status, 400);
    assert_eq!(alice.post(two_factor, &json!({"code": code, "password": PADDED})).status, 400);
    assert_eq!(alice.post(two_factor, &json!({"code": code, "password": PASSWORD})).status, 200);
    for path in ["disable", "recovery-tokens"] {
        let answer = alice.post(&format!("{two_factor}/{path}"), &json!({"password": PADDED}));
        assert_eq!(answer.status, 400, "{path}");
    }
    let change = json!({"email": "new@example.com", "password": PADDED});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 400);
    assert_eq!(alice.post(&format!("{two_factor}/disable"), &json!({"password": PASSWORD})).status, 204);
}

fn a_new_password_is_kept_with_the_blanks_around_it(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    house.account("alice");
    assert_eq!(house.browser().post("/auth/password", &json!({"email": "alice@example.com"})).status, 200);
    let mail = house.mails().pop().expect("a mail");
    let link = format!("{ORIGIN}/auth/password/reset/");
    let token: String = mail.text.split(&link).nth(1).unwrap().chars().take_while(|c| *c != '?').collect();
    let reset = |password: &str, confirmation: &str| {
        let body = json!({"token": token, "email": "alice@example.com", "password": password,
            "password_confirmation": confirmation});
        house.browser().post("/auth/password/reset", &body)
    };
    let padded = "  another horse  ";
    assert_eq!(reset(padded, "another horse").status, 422, "the confirmation is another text");
    assert_eq!(reset(padded, padded).status, 200);
    assert_eq!(house.browser().login("alice", padded.trim()).status, 400);
    assert_eq!(house.browser().login("alice", padded).status, 200);
}

fn everything_else_counts_without_the_blanks_of_unicode_around_it(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let padded = |text: &str| format!("{BLANKS}{text}{BLANKS}");
    let made = alice.post("/api/client/account/api-keys", &json!({"description": padded("a b")}));
    assert_eq!(made.json()["attributes"]["description"], "a b");
    let change = json!({"email": padded("new@example.com"), "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    assert_eq!(alice.details()["email"], "new@example.com");
    for name in ["alice", "new@example.com"] {
        assert_eq!(house.browser().login(&padded(name), PASSWORD).status, 200, "{name}");
    }
    let allowed = json!({"description": "x", "allowed_ips": [padded("10.0.0.1")]});
    let made = alice.post("/api/client/account/api-keys", &allowed);
    assert_eq!(made.json()["attributes"]["allowed_ips"], json!(["10.0.0.1"]));
}

fn an_empty_text_is_absent_in_every_field(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.policy.throttled = false;
        plan.options.requests_per_minute = None;
    });
    let alice = house.person("alice");
    let client = "/api/client/account";
    for (method, path, body, field) in [
        ("PUT", format!("{client}/email"), json!({"password": PASSWORD}), "email"),
        ("POST", format!("{client}/two-factor"), json!({"password": PASSWORD}), "code"),
        ("POST", format!("{client}/api-keys"), json!({}), "description"),
        ("POST", format!("{client}/ssh-keys"), json!({"public_key": "hello"}), "name"),
        ("POST", format!("{client}/ssh-keys"), json!({"name": "x"}), "public_key"),
        ("POST", format!("{client}/ssh-keys/remove"), json!({}), "fingerprint"),
        ("POST", "/auth/login/checkpoint".into(), json!({"recovery_token": "x"}), "confirmation_token"),
        ("POST", "/auth/password".into(), json!({}), "email"),
        ("POST", "/auth/password/reset".into(), json!({"email": "a@b.c"}), "token"),
        ("POST", "/auth/password/reset".into(), json!({"token": "x"}), "email"),
        ("POST", "/auth/email/verification".into(), json!({}), "email"),
        ("POST", "/auth/email/verify".into(), json!({}), "token"),
    ] {
        for empty in [json!(null), json!(""), json!(BLANKS)] {
            let mut body = body.clone();
            body[field] = empty;
            let answer = house.send(&alice.ask(method, &path).json(&body));
            assert_eq!(answer.status, 422, "{path} {field}: {answer:?}");
            let rules: Vec<Value> = answer.json()["errors"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|error| error["meta"]["source_field"] == field)
                .map(|error| error["meta"]["rule"].clone())
                .collect();
            assert_eq!(rules, ["required"], "{path} {body}");
        }
    }
    let off = alice.post(&format!("{client}/two-factor/disable"), &json!({"password": ""}));
    assert_eq!((off.status, off.code().as_str()), (400, "BadRequestHttpException"), "a wrong password");
}

on_every_store!(
    a_password_counts_with_the_blanks_around_it_wherever_it_is_asked_for,
    a_new_password_is_kept_with_the_blanks_around_it,
    everything_else_counts_without_the_blanks_of_unicode_around_it,
    an_empty_text_is_absent_in_every_field,
);
