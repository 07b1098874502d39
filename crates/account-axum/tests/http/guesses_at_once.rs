//! Several requests of one person at the same moment: right ones are no guesses, however many come at
//! once and however little of the budget is left; wrong ones are as many as the budget, and no more
//! (SEC-12 to SEC-15).

use std::sync::Arc;
use std::time::Duration;

use account_core::password::PasswordHash;
use account_core::ports::hasher::{Argon2Params, HashRequest, HasherError, PasswordHasher, VerifyRequest};
use account_testkit::InlineHasher;
use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

/// Takes its time, so that guesses at the same moment meet.
#[derive(Default)]
struct SlowHasher(InlineHasher);

#[async_trait::async_trait]
impl PasswordHasher for SlowHasher {
    fn params(&self) -> Argon2Params {
        self.0.params()
    }

    async fn hash(&self, request: HashRequest) -> Result<PasswordHash, HasherError> {
        self.0.hash(request).await
    }

    async fn verify(&self, request: VerifyRequest) -> Result<bool, HasherError> {
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.0.verify(request).await
    }
}

fn slow_house(kind: Kind) -> House {
    House::with(kind, |plan| plan.hasher = Some(Arc::new(SlowHasher::default())))
}

fn login(name: &str, password: &str) -> Ask {
    Ask::new("POST", "/auth/login").json(&json!({"user": name, "password": password}))
}

/// Sends all of these at once, in turn to each node; answers the statuses.
fn at_once(nodes: &[&House], asks: &[Ask]) -> Vec<u16> {
    std::thread::scope(|scope| {
        let racing: Vec<_> = asks
            .iter()
            .zip(nodes.iter().cycle())
            .map(|(ask, node)| scope.spawn(move || ask.send(node.served.address).status))
            .collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|found| **found == status).count()
}

fn sec_12_right_sign_ins_at_the_same_moment_are_never_told_to_wait(kind: Kind) {
    let house = slow_house(kind);
    let names = ["alice", "bob", "carol"];
    names.iter().for_each(|name| drop(house.account(name)));
    // Twenty-four at once, over a budget of ten a client and five a client and account.
    let asks: Vec<Ask> = names.iter().cycle().take(24).map(|name| login(name, PASSWORD)).collect();
    assert_eq!(count(&at_once(&[&house], &asks), 200), 24);
    for _ in 0..4 {
        assert_eq!(house.browser().login("alice", "wrong").status, 400);
    }
    // One try is left for alice, and it is used by none of them.
    assert_eq!(count(&at_once(&[&house], &vec![login("alice", PASSWORD); 12]), 200), 12);
    assert_eq!(house.browser().login("alice", "wrong").status, 400);
    assert_eq!(house.browser().login("alice", PASSWORD).status, 429);
}

fn sec_14_right_confirmations_at_the_same_moment_are_never_told_to_wait(kind: Kind) {
    let house = slow_house(kind);
    let alice = house.person("alice");
    let same = |password: &str| {
        alice
            .ask("PUT", "/api/client/account/email")
            .json(&json!({"email": "ALICE@example.com", "password": password}))
    };
    (0..4).for_each(|_| assert_eq!(house.send(&same("wrong")).status, 400));
    assert_eq!(count(&at_once(&[&house], &vec![same(PASSWORD); 12]), 204), 12);
    assert_eq!(house.send(&same("wrong")).status, 400);
    assert_eq!(house.send(&same(PASSWORD)).status, 429);
}

fn sec_15_of_many_wrong_guesses_at_once_on_two_nodes_no_more_than_the_budget_are_looked_at(kind: Kind) {
    let one = House::new(kind);
    let (alice, other) = (one.person("alice"), one.another_node(kind, |_| {}));
    let before = one.hasher.verified() + other.hasher.verified();
    let statuses = at_once(&[&one, &other], &vec![login("alice", "wrong"); 30]);
    assert_eq!((count(&statuses, 400), count(&statuses, 429)), (5, 25), "{statuses:?}");
    let wrong = alice
        .ask("PUT", "/api/client/account/email")
        .json(&json!({"email": "new@example.com", "password": "wrong"}));
    let statuses = at_once(&[&one, &other], &vec![wrong; 30]);
    assert_eq!((count(&statuses, 400), count(&statuses, 429)), (5, 25), "{statuses:?}");
    assert_eq!(
        one.hasher.verified() + other.hasher.verified() - before,
        10,
        "what is refused is never looked at"
    );
}

fn the_time_to_wait_is_that_of_the_budget_that_comes_back_last(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    // Five of the client's ten, and all five of client and account; then the client's others.
    (0..5).for_each(|_| assert_eq!(house.browser().login("alice", "wrong").status, 400));
    (0..5).for_each(|_| assert_eq!(house.browser().login("nobody", "wrong").status, 400));
    let answer = house.browser().login("alice", PASSWORD);
    assert_eq!(
        (answer.status, answer.header("retry-after")),
        (429, Some("300")),
        "not the client's six seconds"
    );
}

on_every_store![
    sec_12_right_sign_ins_at_the_same_moment_are_never_told_to_wait,
    sec_14_right_confirmations_at_the_same_moment_are_never_told_to_wait,
    sec_15_of_many_wrong_guesses_at_once_on_two_nodes_no_more_than_the_budget_are_looked_at,
    the_time_to_wait_is_that_of_the_budget_that_comes_back_last,
];
