//! Choosing a new password by mail, and proving an address (contract 8.5 and 8.6, SEC-16).

use account_core::mail::Message;
use serde_json::{Value, json};

use crate::house::{House, ORIGIN, PASSWORD};
use crate::person::Browser;
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{Kind, on_every_store};

const REQUEST: &str = "/auth/password";
const RESET: &str = "/auth/password/reset";
const VERIFY: &str = "/auth/email/verify";
const REQUEST_VERIFICATION: &str = "/auth/email/verification";
const NEW: &str = "another horse battery";

/// The token of the link in the newest mail.
fn token_in_mail(house: &House, path: &str) -> String {
    token_of(&house.mails().pop().expect("a mail"), path)
}

fn token_of(mail: &Message, path: &str) -> String {
    let link = format!("{ORIGIN}{path}/");
    let after = mail.text.split(&link).nth(1).unwrap_or_else(|| panic!("{link} in {}", mail.text));
    let token: String = after.chars().take_while(|c| *c != '?').collect();
    assert_eq!(token.len(), 64);
    token
}

fn requested(house: &House, email: &str) -> String {
    assert_eq!(house.browser().post(REQUEST, &json!({"email": email})).status, 200);
    token_in_mail(house, RESET)
}

fn body(token: &str, email: &str) -> Value {
    json!({"token": token, "email": email, "password": NEW, "password_confirmation": NEW})
}

fn reset(browser: &Browser<'_>, token: &str) -> Answer {
    browser.post(RESET, &body(token, "alice@example.com"))
}

fn assert_wrong_token(answer: &Answer) {
    assert_eq!(answer.error(), ("DisplayException".into(), "This password reset token is invalid.".into()));
    assert_eq!((answer.status, answer.header("set-cookie")), (400, None));
}

fn f_20_a_request_is_answered_alike_for_everybody_and_the_worker_finds_out(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let gone = house.account("gone");
    house.block_on(house.accounts.admin().disable(gone.id)).unwrap();
    house.mails();
    let answers: Vec<Answer> =
        ["alice@example.com", "nobody@example.com", "gone@example.com", "alice@example.com"]
            .iter()
            .map(|email| {
                house.later(31);
                house.browser().post(REQUEST, &json!({"email": email}))
            })
            .collect();
    let expected = json!({"status": "We have e-mailed your password reset link!"});
    assert!(answers.iter().all(|answer| answer.status == 200 && answer.json() == expected), "{answers:?}");
    let to: Vec<String> = house.mails().into_iter().map(|mail| mail.to).collect();
    assert_eq!(to, ["alice@example.com"], "a newer request takes the older mail back");
    for (email, rule) in [(json!("nope"), "email"), (json!(null), "required"), (json!(["x"]), "email")] {
        let answer = house.browser().post(REQUEST, &json!({"email": email}));
        assert_eq!((answer.status, &answer.json()["errors"][0]["meta"]["rule"]), (422, &json!(rule)));
    }
}

fn sec_16_requests_are_few_by_client_and_mails_few_by_address(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    house.mails();
    let ask = || house.browser().post(REQUEST, &json!({"email": "alice@example.com"}));
    assert_eq!([ask().status, ask().status, ask().status], [200, 200, 429]);
    assert_eq!(house.mails().len(), 1, "the second is dropped silently");
    assert!(ask().header("retry-after").is_some());
}

fn sec_16_an_address_is_mailed_five_times_an_hour_and_a_client_asks_twenty(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    house.mails();
    let ask = |email: &str| house.browser().post(REQUEST, &json!({"email": email}));
    let mailed: Vec<usize> = (0..6)
        .map(|_| {
            assert_eq!(ask("alice@example.com").status, 200);
            house.later(61);
            house.mails().len()
        })
        .collect();
    assert_eq!(mailed, [1, 1, 1, 1, 1, 0]);
    for number in 6..20 {
        assert_eq!(ask(&format!("nobody{number}@example.com")).status, 200);
        house.later(61);
    }
    let refused = ask("bob@example.com");
    assert_eq!((refused.status, refused.code().as_str()), (429, "ThrottleRequestsException"));
}

fn sec_16_a_client_tries_ten_reset_tokens_a_minute(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    for _ in 0..10 {
        assert_wrong_token(&reset(&house.browser(), &"0".repeat(64)));
    }
    let refused = reset(&house.browser(), &"0".repeat(64));
    assert_eq!((refused.status, refused.code().as_str()), (429, "ThrottleRequestsException"));
    assert!(refused.header("retry-after").is_some());
    house.later(60);
    assert_wrong_token(&reset(&house.browser(), &"0".repeat(64)));
}

fn a_token_sets_the_password_once_signs_in_and_ends_all_other_sessions(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let other = house.signed_in(&alice.account);
    let token = requested(&house, "Alice@Example.com");
    let browser = house.browser();
    let answer = reset(&browser, &token);
    assert_eq!(answer.json(), json!({"success": true, "redirect_to": "/", "send_to_login": false}));
    assert!(answer.header("set-cookie").is_some() && browser.is_in());
    assert!(!other.is_in());
    assert_eq!(alice.get("/api/client/account").status, 200, "keys stay");
    assert_wrong_token(&reset(&house.browser(), &token));
    assert_eq!(house.browser().login("alice", PASSWORD).status, 400);
    assert_eq!(house.browser().login("alice", NEW).status, 200);
    assert!(alice.events().contains(&"auth:password-reset".to_owned()), "F-35");
}

fn f_19_every_token_that_does_not_count_is_refused_alike(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    house.account("bob");
    let first = requested(&house, "alice@example.com");
    let second = requested(&house, "alice@example.com");
    assert_wrong_token(&reset(&house.browser(), &first));
    assert_wrong_token(&house.browser().post(RESET, &body(&second, "bob@example.com")));
    assert_wrong_token(&house.browser().post(RESET, &body(&second, "nobody@example.com")));
    assert_wrong_token(&reset(&house.browser(), &"0".repeat(64)));
    assert_wrong_token(&reset(&house.browser(), "x"));
    house.later(3600);
    assert_wrong_token(&reset(&house.browser(), &second));
    let third = requested(&house, "alice@example.com");
    let change = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    assert_wrong_token(&reset(&house.browser(), &third));
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200, "nothing changed");
}

fn a_reset_replaces_the_session_that_the_browser_had(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let bob = house.account("bob");
    let browser = house.signed_in(&bob);
    let old = browser.cookie().unwrap();
    assert_eq!(reset(&browser, &requested(&house, "alice@example.com")).status, 200);
    assert_eq!(browser.get("/api/client/account").json()["attributes"]["username"], "alice");
    assert!(!browser.with_cookie(&old).is_in());
}

fn a_reset_token_is_good_to_the_last_second_of_an_hour(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let token = requested(&house, "alice@example.com");
    house.later(3600 - 1);
    assert_eq!(reset(&house.browser(), &token).status, 200);
}

fn a_reset_does_not_skip_the_second_factor(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    alice.enable_two_factor();
    let token = requested(&house, "alice@example.com");
    let browser = house.browser();
    let answer = reset(&browser, &token);
    assert_eq!(answer.json()["send_to_login"], true);
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(browser.login("alice", NEW).json()["data"]["complete"], false);
}

fn sec_16_one_token_and_twenty_at_once_are_one_reset(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    house.account("alice");
    let token = requested(&house, "alice@example.com");
    let ask = Ask::new("POST", RESET).json(&body(&token, "alice@example.com"));
    let address = house.served.address;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..20).map(|_| scope.spawn(|| ask.send(address).status)).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 19, "{statuses:?}");
}

fn the_fields_of_a_reset_have_their_rules(kind: Kind) {
    let house = House::new(kind);
    for (body, expected) in [
        (json!({}), &["token required", "email required", "password required"][..]),
        (
            json!({"password": "short"}),
            &["token required", "email required", "password confirmed", "password min"],
        ),
        (
            json!({"token": ["x"], "email": ["x"], "password": 12_345_678, "password_confirmation": 12_345_678}),
            &["token string", "email email", "password string"],
        ),
        (
            json!({"token": "x", "email": "a@example.com", "password": "password123",
                "password_confirmation": "password123"}),
            &["password uncompromised"],
        ),
        (
            json!({"token": "x", "email": "nope", "password": "x".repeat(257),
                "password_confirmation": "x".repeat(257)}),
            &["email email", "password max"],
        ),
    ] {
        let answer = house.browser().post(RESET, &body);
        assert_eq!(answer.status, 422, "{answer:?}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let named: Vec<String> = errors
            .iter()
            .map(|error| &error["meta"])
            .map(|meta| format!("{} {}", word(&meta["source_field"]), word(&meta["rule"])))
            .collect();
        assert_eq!(named, expected);
    }
}

fn an_address_is_proven_once_and_policy_may_demand_it(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.verified_email_required = true);
    house.account("alice");
    house.mails();
    let refused = house.browser().login("alice", PASSWORD);
    let expected = "The email address of this account must be verified before you can sign in.";
    assert_eq!((refused.status, refused.error()), (400, ("DisplayException".into(), expected.into())));
    let answer = house.browser().post(REQUEST_VERIFICATION, &json!({"email": "alice@example.com"}));
    assert_eq!(
        (answer.status, answer.json()),
        (200, json!({"status": "We have e-mailed your verification link!"}))
    );
    let token = token_in_mail(&house, VERIFY);
    let verify = |token: Value| house.browser().post(VERIFY, &json!({"token": token}));
    let wrong = verify(json!("0".repeat(64)));
    assert_eq!((wrong.status, wrong.error().1.as_str()), (400, "This verification token is invalid."));
    assert_eq!(verify(json!(null)).status, 422);
    assert_eq!(verify(json!(token)).status, 204);
    assert_eq!(verify(json!(token)).status, 400);
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200);
    house.later(61);
    let again = house.browser().post(REQUEST_VERIFICATION, &json!({"email": "nobody@example.com"}));
    assert_eq!((again.status, again.body), (200, answer.body));
    assert!(house.mails().is_empty());
}

fn a_new_address_is_sent_the_link_that_proves_it_with_the_change(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.verified_email_required = true);
    let alice = house.person("alice");
    house.mails();
    let change = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    let mails = house.mails();
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["alice@example.com", "new@example.com", "new@example.com"], "two notices and a link");
    assert_eq!(house.browser().login("alice", PASSWORD).status, 400, "not before it is proven");
    let token = token_of(&mails[2], VERIFY);
    assert_eq!(house.browser().post(VERIFY, &json!({"token": token})).status, 204);
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200);
}

fn a_reset_by_mail_proves_the_address(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.verified_email_required = true);
    let alice = house.person("alice");
    house.mails();
    assert_eq!(house.browser().login("alice", PASSWORD).status, 400);
    let browser = house.browser();
    let answer = reset(&browser, &requested(&house, "alice@example.com"));
    assert_eq!(answer.json(), json!({"success": true, "redirect_to": "/", "send_to_login": false}));
    assert!(browser.is_in());
    assert_eq!(house.browser().login("alice", NEW).status, 200);
    assert!(alice.events().contains(&"user:account.email-verified".to_owned()));
}

on_every_store!(
    a_reset_replaces_the_session_that_the_browser_had,
    a_reset_token_is_good_to_the_last_second_of_an_hour,
    sec_16_an_address_is_mailed_five_times_an_hour_and_a_client_asks_twenty,
    sec_16_a_client_tries_ten_reset_tokens_a_minute,
    a_new_address_is_sent_the_link_that_proves_it_with_the_change,
    a_reset_by_mail_proves_the_address,
    f_20_a_request_is_answered_alike_for_everybody_and_the_worker_finds_out,
    sec_16_requests_are_few_by_client_and_mails_few_by_address,
    a_token_sets_the_password_once_signs_in_and_ends_all_other_sessions,
    f_19_every_token_that_does_not_count_is_refused_alike,
    a_reset_does_not_skip_the_second_factor,
    sec_16_one_token_and_twenty_at_once_are_one_reset,
    the_fields_of_a_reset_have_their_rules,
    an_address_is_proven_once_and_policy_may_demand_it,
);
