//! Whoever must wait is told for how long, and when it is over, by every budget alike (contract 1.6).

use std::num::NonZeroU32;

use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::raw_client::Answer;
use crate::store_kind::{Kind, on_every_store};

/// Sends until one must wait, and looks at how it is told.
fn assert_told(house: &House, what: &str, ask: impl Fn() -> Answer) {
    let refused = (0..=25).map(|_| ask()).find(|answer| answer.status == 429);
    let refused = refused.unwrap_or_else(|| panic!("{what}: nobody had to wait"));
    let number = |name: &str| -> u64 {
        let value = refused.header(name).unwrap_or_else(|| panic!("{what}: no {name} in {refused:?}"));
        value.parse().unwrap()
    };
    let (wait, opens) = (number("retry-after"), number("x-ratelimit-reset"));
    assert!(wait > 0 && !refused.error().1.is_empty(), "{what}: {refused:?}");
    assert_eq!(opens, house.accounts.now().unix_seconds() + wait, "{what}");
    assert_eq!(number("x-ratelimit-remaining"), 0, "{what}");
    assert!(number("x-ratelimit-limit") > 0, "{what}");
}

fn budgets_of_an_account_tell(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.requests_per_minute = NonZeroU32::new(20));
    let (alice, bob, carol) = (house.person("alice"), house.person("bob"), house.person("carol"));
    let email = "/api/client/account/email";
    assert_told(&house, "changes of the address", || {
        house.later(1);
        let email = format!("alice{}@example.com", house.accounts.now().unix_seconds());
        alice.put("/api/client/account/email", &json!({"email": email, "password": PASSWORD}))
    });
    assert_told(&house, "guesses at the current password", || {
        bob.put(email, &json!({"email": "x@example.com", "password": "wrong"}))
    });
    assert_told(&house, "requests", || carol.get("/api/client/account"));
}

fn budgets_of_a_client_tell(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    assert_told(&house, "guesses at one name", || house.browser().login("alice", "wrong"));
    house.later(3600);
    assert_told(&house, "guesses at any name", || {
        house.browser().login(&format!("name{}", house.hasher.verified()), "wrong")
    });
    let forgot = json!({"email": "alice@example.com"});
    assert_told(&house, "requests of a reset", || house.browser().post("/auth/password", &forgot));
    let verification = "/auth/email/verification";
    assert_told(&house, "requests of a proof", || house.browser().post(verification, &forgot));
    let reset = json!({"token": "x", "email": "alice@example.com", "password": "another horse",
        "password_confirmation": "another horse"});
    assert_told(&house, "tokens of a reset", || house.browser().post("/auth/password/reset", &reset));
    let verify = json!({"token": "0".repeat(64)});
    assert_told(&house, "tokens of a proof", || house.browser().post("/auth/email/verify", &verify));
}

fn the_budget_of_second_factors_tells(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    alice.enable_two_factor();
    assert_told(&house, "second factors", || {
        // Long enough for the budget of the client, which is another.
        house.later(31);
        let browser = house.browser();
        let body = json!({"confirmation_token": browser.confirmation_token(&alice.account),
            "authentication_code": "000000"});
        browser.post("/auth/login/checkpoint", &body)
    });
}

on_every_store!(budgets_of_an_account_tell, budgets_of_a_client_tell, the_budget_of_second_factors_tells);
