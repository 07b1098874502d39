//! What is on the trail, entry by entry (contract 11).

use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::person::Person;
use crate::store_kind::{Kind, on_every_store};

const SSH_KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

/// The newest entry of this event.
fn newest(person: &Person<'_>, event: &str) -> Value {
    let answer = person.get(&format!("/api/client/account/activity?filter[event]={event}&include=actor"));
    let entries = answer.json()["data"].as_array().unwrap().clone();
    assert!(!entries.is_empty(), "no {event}");
    entries[0]["attributes"].clone()
}

/// Its properties, and whether the owner did it.
fn told(person: &Person<'_>, event: &str) -> (Value, bool) {
    let entry = newest(person, event);
    assert_eq!(entry["ip"], "127.0.0.1", "{event}");
    (entry["properties"].clone(), entry["relationships"]["actor"]["object"] == "user")
}

fn changes_of_the_account_hold_what_the_contract_says(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let change = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    let expected = json!({"old": "alice@example.com", "new": "new@example.com"});
    assert_eq!(told(&alice, "user:account.email-changed"), (expected, true));
    alice.enable_two_factor();
    let off = json!({"password": PASSWORD});
    assert_eq!(alice.post("/api/client/account/two-factor/disable", &off).status, 204);
    let new = json!({"current_password": PASSWORD, "password": "another horse", "password_confirmation": "another horse"});
    assert_eq!(alice.put("/api/client/account/password", &new).status, 204);
    for event in ["user:two-factor.create", "user:two-factor.delete", "user:account.password-changed"] {
        assert_eq!(told(&alice, event), (json!({}), true), "{event}");
        assert_eq!(newest(&alice, event)["is_api"], true, "{event}");
    }
}

fn keys_are_named_when_they_are_made_and_taken_away(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let made = alice.post("/api/client/account/api-keys", &json!({"description": "x"})).json();
    let identifier = made["attributes"]["identifier"].as_str().unwrap().to_owned();
    assert_eq!(told(&alice, "user:api-key.create"), (json!({"identifier": identifier}), true));
    assert_eq!(alice.delete(&format!("/api/client/account/api-keys/{identifier}")).status, 204);
    assert_eq!(told(&alice, "user:api-key.delete"), (json!({"identifier": identifier}), true));
    let added =
        alice.post("/api/client/account/ssh-keys", &json!({"name": "laptop", "public_key": SSH_KEY})).json();
    let fingerprint = json!({"fingerprint": added["attributes"]["fingerprint"]});
    assert!(fingerprint["fingerprint"].is_string(), "{added}");
    assert_eq!(told(&alice, "user:ssh-key.create"), (fingerprint.clone(), true));
    assert_eq!(alice.post("/api/client/account/ssh-keys/remove", &fingerprint).status, 204);
    assert_eq!(told(&alice, "user:ssh-key.delete"), (fingerprint, true));
}

fn a_blocked_key_is_named_and_its_request_was_nobodys(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let blocked = house.key(&alice.account, &["10.0.0.1"]);
    assert_eq!(alice.with_key(&blocked).get("/api/client/account").status, 403);
    let blocked = json!({"identifier": blocked[..16]});
    assert_eq!(told(&alice, "auth:ip-blocked"), (blocked, false));
    assert_eq!(newest(&alice, "auth:ip-blocked")["is_api"], true);
}

fn sign_ins_hold_address_and_browser_and_failures_what_was_typed(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, codes) = alice.enable_two_factor();
    let from = json!({"ip": "127.0.0.1", "useragent": "a browser"});
    assert_eq!(house.browser().login("alice@example.com", "wrong").status, 400);
    let (properties, by_owner) = told(&alice, "auth:fail");
    assert_eq!(properties["email"], "alice@example.com");
    assert_eq!(
        (&properties["ip"], &properties["useragent"], by_owner),
        (&from["ip"], &from["useragent"], false)
    );
    assert_eq!(house.browser().login("Alice", "wrong").status, 400);
    assert_eq!(told(&alice, "auth:fail").0["username"], "Alice");
    house.later(60);
    let wrong = json!({"authentication_code": "000000"});
    let (answer, browser) = house.signed_in_with(&alice.account, &wrong);
    assert_eq!((answer.status, browser.is_in()), (400, false));
    assert_eq!(told(&alice, "auth:checkpoint").0, from);
    assert_eq!(told(&alice, "auth:fail"), (from.clone(), false));
    let right = json!({"authentication_code": house.code(&secret, 0)});
    assert_eq!(house.signed_in_with(&alice.account, &right).0.status, 200);
    assert_eq!(told(&alice, "auth:token"), (from.clone(), true));
    assert_eq!(told(&alice, "auth:success"), (from.clone(), true));
    assert_eq!(house.signed_in_with(&alice.account, &json!({"recovery_token": codes[0]})).0.status, 200);
    assert_eq!(told(&alice, "auth:recovery-token"), (from, true));
}

fn f_35_a_reset_is_on_the_trail_when_it_is_mailed_and_when_it_is_done(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.mails();
    let ask = house.browser().post("/auth/password", &json!({"email": "alice@example.com"}));
    assert_eq!(ask.status, 200);
    let mail = house.mails().pop().expect("a mail");
    let from = json!({"ip": "127.0.0.1", "useragent": "a browser"});
    assert_eq!(told(&alice, "auth:reset-password"), (from.clone(), false));
    assert_eq!(newest(&alice, "auth:reset-password")["description"], "sending password reset email");
    let token = mail.text.split("/auth/password/reset/").nth(1).expect("a link").split('?').next().unwrap();
    let body = json!({"token": token, "email": "alice@example.com", "password": "another horse",
        "password_confirmation": "another horse"});
    assert_eq!(house.browser().post("/auth/password/reset", &body).status, 200);
    let (properties, by_owner) = told(&alice, "auth:password-reset");
    assert_eq!((properties, by_owner), (from, true));
}

on_every_store!(
    changes_of_the_account_hold_what_the_contract_says,
    keys_are_named_when_they_are_made_and_taken_away,
    a_blocked_key_is_named_and_its_request_was_nobodys,
    sign_ins_hold_address_and_browser_and_failures_what_was_typed,
    f_35_a_reset_is_on_the_trail_when_it_is_mailed_and_when_it_is_done,
);
