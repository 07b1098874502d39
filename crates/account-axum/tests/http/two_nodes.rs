//! Two servers over one database: what one ends, the other refuses in the next request, and what is
//! single-use is used once over both (SEC-37, SEC-47, requirements section 0).

use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

const ACCOUNT: &str = "/api/client/account";
const KEYS: &str = "/api/client/account/api-keys";

/// Sends each of these to each node, all at once; answers the statuses.
fn race(nodes: [&House; 2], asks: &[Ask]) -> Vec<u16> {
    let addresses = nodes.map(|node| node.served.address);
    std::thread::scope(|scope| {
        let racing: Vec<_> = asks
            .iter()
            .enumerate()
            .map(|(index, ask)| scope.spawn(move || ask.send(addresses[index % 2]).status))
            .collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn won(statuses: &[u16], status: u16) -> usize {
    assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
    statuses.iter().filter(|found| **found == status).count()
}

fn sec_37_what_one_node_revokes_the_other_refuses(kind: Kind) {
    let one = House::new(kind);
    let alice = one.person("alice");
    let other = one.another_node(kind, |_| {});
    let (token, browser) = (one.key(&alice.account, &[]), one.signed_in(&alice.account));
    let there = |ask: Ask| other.send(&ask).status;
    let by_cookie = || Ask::new("GET", ACCOUNT).header("Cookie", browser.cookie().unwrap());
    assert_eq!(there(Ask::new("GET", ACCOUNT).bearer(&token)), 200);
    assert_eq!(there(by_cookie()), 200);
    assert_eq!(alice.delete(&format!("{KEYS}/{}", &token[..16])).status, 204);
    assert_eq!(there(Ask::new("GET", ACCOUNT).bearer(&token)), 401);
    let body = json!({"current_password": PASSWORD, "password": "another horse", "password_confirmation": "another horse"});
    assert_eq!(alice.put("/api/client/account/password", &body).status, 204);
    assert_eq!(there(by_cookie()), 401);
    one.block_on(one.accounts.admin().disable(alice.account.id)).unwrap();
    assert_eq!(there(alice.ask("GET", ACCOUNT)), 401);
}

fn f_5_the_twenty_fifth_key_is_the_last_over_both(kind: Kind) {
    let one = House::new(kind);
    let alice = one.person("alice");
    let other = one.another_node(kind, |_| {});
    let asks = vec![alice.ask("POST", KEYS).json(&json!({"description": "x"})); 40];
    assert_eq!(won(&race([&one, &other], &asks), 200), 24);
    assert_eq!(alice.get(KEYS).json()["data"].as_array().unwrap().len(), 25);
}

fn sec_56_one_address_goes_to_one_account(kind: Kind) {
    let one = House::new(kind);
    let people: Vec<_> = (0..6).map(|number| one.person(&format!("user{number}"))).collect();
    let other = one.another_node(kind, |_| {});
    let asks: Vec<Ask> = people
        .iter()
        .enumerate()
        .map(|(number, person)| {
            let email = if number % 2 == 0 { "same@example.com" } else { "SAME@Example.com" };
            person
                .ask("PUT", "/api/client/account/email")
                .json(&json!({"email": email, "password": PASSWORD}))
        })
        .collect();
    let statuses = race([&one, &other], &asks);
    assert_eq!((won(&statuses, 204), won(&statuses, 422)), (1, 5), "{statuses:?}");
}

fn sec_22_the_second_factor_is_turned_on_once(kind: Kind) {
    let one = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = one.person("alice");
    let other = one.another_node(kind, |plan| plan.policy.throttled = false);
    let secret = alice.set_up();
    let body = json!({"code": one.code(&secret, 0), "password": PASSWORD});
    let asks = vec![alice.ask("POST", "/api/client/account/two-factor").json(&body); 20];
    assert_eq!(won(&race([&one, &other], &asks), 200), 1);
}

fn sec_23_a_step_and_sec_27_a_recovery_code_are_spent_once(kind: Kind) {
    let one = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = one.person("alice");
    let other = one.another_node(kind, |plan| plan.policy.throttled = false);
    let (secret, codes) = alice.enable_two_factor();
    for factor in [json!({"authentication_code": one.code(&secret, 1)}), json!({"recovery_token": codes[0]})]
    {
        let asks: Vec<Ask> = (0..5)
            .map(|_| {
                let mut body = factor.clone();
                body["confirmation_token"] = one.browser().confirmation_token(&alice.account);
                Ask::new("POST", "/auth/login/checkpoint").json(&body)
            })
            .flat_map(|ask| [ask.clone(), ask])
            .collect();
        assert_eq!(won(&race([&one, &other], &asks), 200), 1, "{factor}");
    }
}

fn sec_47_no_session_of_the_old_password_survives_a_change(kind: Kind) {
    let one = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = one.person("alice");
    let other = one.another_node(kind, |plan| plan.policy.throttled = false);
    let mut current = PASSWORD.to_owned();
    for round in 0..3 {
        let new = format!("{PASSWORD} {round}");
        let login = Ask::new("POST", "/auth/login").json(&json!({"user": "alice", "password": current}));
        let body = json!({"current_password": current, "password": new, "password_confirmation": new});
        let mut asks = vec![login; 12];
        asks.insert(6, alice.ask("PUT", "/api/client/account/password").json(&body));
        let statuses = race([&one, &other], &asks);
        assert_eq!(won(&statuses, 204), 1, "{statuses:?}");
        let left = alice.get("/api/client/account/sessions").json();
        assert_eq!(left["data"], json!([]), "{statuses:?}");
        current = new;
    }
}

fn sec_15_guesses_are_counted_over_both(kind: Kind) {
    let one = House::new(kind);
    let alice = one.person("alice");
    let other = one.another_node(kind, |_| {});
    let body = json!({"password": "wrong"});
    let asks = vec![alice.ask("POST", "/api/client/account/two-factor/disable").json(&body); 20];
    let statuses = race([&one, &other], &asks);
    assert_eq!((won(&statuses, 400), won(&statuses, 429)), (5, 15), "{statuses:?}");
}

on_every_store!(
    sec_37_what_one_node_revokes_the_other_refuses,
    f_5_the_twenty_fifth_key_is_the_last_over_both,
    sec_56_one_address_goes_to_one_account,
    sec_22_the_second_factor_is_turned_on_once,
    sec_23_a_step_and_sec_27_a_recovery_code_are_spent_once,
    sec_47_no_session_of_the_old_password_survives_a_change,
    sec_15_guesses_are_counted_over_both,
);
