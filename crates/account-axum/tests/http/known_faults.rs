//! Faults of comparable systems that no other room's tests name (contract 13).

use std::sync::{Arc, Mutex};

use account_core::activity::Activity;
use account_core::id::{AccountId, AccountUid};
use account_core::mail::{MessageKind, Notice};
use account_core::ports::listener::CommitListener;
use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

fn f_6_keys_descriptions_and_lists_have_an_end(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let make = |description: &str, allowed: Vec<String>| {
        alice
            .post(
                "/api/client/account/api-keys",
                &json!({"description": description, "allowed_ips": allowed}),
            )
            .status
    };
    assert_eq!(make(&"é".repeat(500), vec!["10.0.0.1".to_owned(); 50]), 200);
    assert_eq!(make(&"é".repeat(501), Vec::new()), 422);
    assert_eq!(make("x", vec!["10.0.0.1".to_owned(); 51]), 422);
    // The calling key and the first one are two.
    for _ in 2..25 {
        assert_eq!(make("x", Vec::new()), 200);
    }
    assert_eq!(make("x", Vec::new()), 400);
}

/// What an embedder's file transfers and websockets are told.
#[derive(Default)]
struct Heard(Mutex<Vec<(AccountUid, &'static str)>>);

impl CommitListener for Heard {
    fn committed(&self, _: AccountId, uid: AccountUid, entries: &[&Activity]) {
        self.0.lock().unwrap().extend(entries.iter().map(|entry| (uid, entry.event.as_str())));
    }
}

fn f_11_what_hangs_on_a_credential_can_be_cut_when_it_ends(kind: Kind) {
    let heard = Arc::new(Heard::default());
    let house = House::with(kind, |plan| plan.listener = Some(heard.clone()));
    let alice = house.person("alice");
    let session = house.signed_in(&alice.account);
    let told = || -> Vec<&'static str> {
        let all = std::mem::take(&mut *heard.0.lock().unwrap());
        assert!(all.iter().all(|(uid, _)| *uid == alice.account.uid));
        all.into_iter().map(|(_, event)| event).collect()
    };
    told();
    let wrong = json!({"current_password": "wrong", "password": "x", "password_confirmation": "x"});
    assert_eq!(session.put("/api/client/account/password", &wrong).status, 400);
    assert_eq!(told(), [""; 0], "nothing was committed");
    let new = json!({"current_password": PASSWORD, "password": "another horse", "password_confirmation": "another horse"});
    assert_eq!(session.put("/api/client/account/password", &new).status, 204);
    assert_eq!(told(), ["user:account.password-changed"]);
    assert_eq!(alice.delete(&format!("/api/client/account/api-keys/{}", &alice.token[..16])).status, 204);
    assert_eq!(told(), ["user:api-key.delete"]);
    assert_eq!(session.post("/auth/logout", &json!({})).status, 204);
    assert_eq!(told(), ["auth:logout"]);
    house.block_on(house.accounts.admin().delete(alice.account.id)).unwrap();
    assert_eq!(told(), ["user:account.deleted"]);
}

fn f_13_there_is_no_route_that_serves_translations(kind: Kind) {
    let house = House::new(kind);
    let answer = house.send(&Ask::new("GET", "/locales/locale.json?locale=en&namespace=activity"));
    assert_eq!(answer.status, 404);
}

fn f_28_a_password_counts_beyond_its_seventy_second_byte(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let long = "long pass phrase ".repeat(8);
    let change = json!({"current_password": PASSWORD, "password": long, "password_confirmation": long});
    assert_eq!(alice.put("/api/client/account/password", &change).status, 204);
    assert_eq!(house.browser().login("alice", &long[..72]).status, 400);
    assert_eq!(house.browser().login("alice", &long).status, 200);
    let change = json!({"current_password": long, "password": "x".repeat(257), "password_confirmation": "x".repeat(257)});
    assert_eq!(alice.put("/api/client/account/password", &change).status, 422);
}

fn f_32_a_session_is_the_only_cookie_and_nothing_remembers_a_user_beyond_it(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let answer = house.browser().login("alice", PASSWORD);
    assert_eq!(answer.status, 200);
    let cookie = answer.header("set-cookie").expect("a session");
    assert!(cookie.contains("account_session=") && !cookie.contains("remember"), "{cookie}");
    drop(alice);
}

fn f_35_the_second_factor_and_the_reset_are_on_the_trail(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, codes) = alice.enable_two_factor();
    house.later(60);
    let totp = json!({"authentication_code": house.code(&secret, 0)});
    assert_eq!(house.signed_in_with(&alice.account, &totp).0.status, 200);
    let recovery = json!({"recovery_token": codes[0]});
    assert_eq!(house.signed_in_with(&alice.account, &recovery).0.status, 200);
    let events = alice.events();
    for wanted in
        ["auth:checkpoint", "auth:token", "auth:recovery-token", "auth:success", "user:two-factor.create"]
    {
        assert!(events.iter().any(|event| event == wanted), "{wanted} is not in {events:?}");
    }
}

fn f_36_the_second_factor_is_not_turned_off_by_delete(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let answer = alice.delete("/api/client/account/two-factor");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")));
}

fn f_39_both_addresses_are_told_of_an_e_mail_change(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let change = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    let told =
        house.mails().into_iter().filter(|mail| mail.kind == MessageKind::Notice(Notice::EmailChanged));
    let mut to: Vec<String> = told.map(|mail| mail.to).collect();
    to.sort();
    assert_eq!(to, ["alice@example.com", "new@example.com"]);
}

fn f_41_a_key_is_made_without_a_password_as_documented(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let answer = alice.post("/api/client/account/api-keys", &json!({"description": "x"}));
    assert_eq!(answer.status, 200);
}

on_every_store!(
    f_6_keys_descriptions_and_lists_have_an_end,
    f_11_what_hangs_on_a_credential_can_be_cut_when_it_ends,
    f_13_there_is_no_route_that_serves_translations,
    f_28_a_password_counts_beyond_its_seventy_second_byte,
    f_32_a_session_is_the_only_cookie_and_nothing_remembers_a_user_beyond_it,
    f_35_the_second_factor_and_the_reset_are_on_the_trail,
    f_36_the_second_factor_is_not_turned_off_by_delete,
    f_39_both_addresses_are_told_of_an_e_mail_change,
    f_41_a_key_is_made_without_a_password_as_documented,
);
