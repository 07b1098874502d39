//! Guessing, with the limits on: one address runs into its budget whatever it says it is, many addresses
//! run into the account's, unknown names into the same, and the owner gets in all the while (SEC-12, 13).

use serde_json::json;

use crate::api_client::{Answer, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::one_winner::TwoNodes;
use crate::people::{PASSWORD, login};
use crate::rounds::proven;

over_both_databases![
    sec_12_one_address_is_refused_by_its_twentieth_guess_whatever_it_says_it_is,
    sec_13_many_addresses_are_refused_alike_for_known_and_unknown_names_and_the_owner_gets_in,
    sec_14_the_current_password_has_one_budget_on_all_endpoints_and_nodes,
];

fn sec_12_one_address_is_refused_by_its_twentieth_guess_whatever_it_says_it_is(kind: Kind) {
    let nodes = TwoNodes::with(kind, &[]);
    nodes.database.person("ada");
    // Whoever gets in spends nothing.
    for round in 0..15 {
        send(nodes.node(round), &login("ada", PASSWORD)).expect(200);
    }
    let guess = |number: usize| {
        let said = format!("198.51.100.{number}");
        login(&format!("nobody{number}"), "a guess like any other")
            .header("X-Forwarded-For", said.clone())
            .header("X-Real-IP", said.clone())
            .header("Forwarded", format!("for={said}"))
    };
    let refused = (1..=20).find(|number| is_refused(&send(nodes.node(*number), &guess(*number))));
    let refused = refused.expect("429 by the twentieth guess");
    assert!(refused > 5, "{refused}: a typing error is no attack");
    proven(
        &format!("guesses from one address, forged headers, two nodes, {}", kind.name()),
        &format!("429 at guess {refused}"),
    );
}

fn sec_13_many_addresses_are_refused_alike_for_known_and_unknown_names_and_the_owner_gets_in(kind: Kind) {
    // The proxy is trusted, so that a guess can come from any address.
    let nodes = TwoNodes::with(kind, &[("ACCOUNT_TRUSTED_PROXIES", "127.0.0.1/32")]);
    nodes.database.person("ada");
    let owner = login("ada", PASSWORD).header("X-Forwarded-For", "192.0.2.7");
    send(nodes.node(0), &owner).expect(200);
    let mut refused = [0, 0];
    for number in 0..120 {
        let from = format!("198.51.{}.{}", number / 200, 1 + number % 200);
        for (place, name) in ["ada", "nobody"].into_iter().enumerate() {
            if refused[place] > 0 {
                continue;
            }
            let guess = login(name, "a guess like any other").header("X-Forwarded-For", &from);
            // One name a node: the counters are the database's, not the node's.
            if is_refused(&send(nodes.node(number), &guess)) {
                refused[place] = number + 1;
            }
        }
        if refused.iter().all(|refused| *refused > 0) {
            break;
        }
    }
    assert!(refused[0] > 0 && refused[0] == refused[1], "known and unknown: {refused:?}");
    send(nodes.node(1), &owner).expect(200);
    // A stranger waits, even with the right password.
    let stranger = login("ada", PASSWORD).header("X-Forwarded-For", "203.0.113.9");
    assert!(is_refused(&send(nodes.node(1), &stranger)));
    proven(
        &format!("guesses from as many addresses, known and unknown name, two nodes, {}", kind.name()),
        &format!("429 at guess {} for both, the owner gets in", refused[0]),
    );
}

fn sec_14_the_current_password_has_one_budget_on_all_endpoints_and_nodes(kind: Kind) {
    let nodes = TwoNodes::with(kind, &[]);
    let person = nodes.database.person("ada");
    let guess = |number: usize| match number % 3 {
        0 => person.ask("PUT", "/email", &json!({"email": "new@example.com", "password": "a guess"})),
        1 => person.post("/two-factor/disable", &json!({"password": "a guess"})),
        _ => person.ask("PUT", "/password", &crate::people::new_password("a guess", "long enough")),
    };
    let refused = (1..=20).find(|number| is_refused(&send(nodes.node(*number), &guess(*number))));
    let refused = refused.expect("429 by the twentieth guess");
    for number in 0..3 {
        assert!(is_refused(&send(nodes.node(number), &guess(number))), "{number}: another endpoint");
    }
    proven(
        &format!("guesses at the current password, three endpoints, two nodes, {}", kind.name()),
        &format!("429 at guess {refused}"),
    );
}

/// Whether it was too many; else it must be a plain refusal.
fn is_refused(answer: &Answer) -> bool {
    match answer.status {
        429 => {
            let wait = answer.header("retry-after").and_then(|wait| wait.parse::<u32>().ok());
            assert!(wait.is_some(), "{answer:?}");
            true
        }
        400 => false,
        _ => panic!("{answer:?}"),
    }
}
