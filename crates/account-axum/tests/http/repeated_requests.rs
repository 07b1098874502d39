//! A creation that is asked for again under its `Idempotency-Key` is made once, however the first
//! answer was lost, and however many ask at once (REL-07).

use std::sync::Arc;

use account_testkit::{FaultyStore, StoreFault, sample};
use serde_json::{Value, json};

use crate::house::House;
use crate::person::Person;
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{Kind, on_every_store};

const API_KEYS: &str = "/api/client/account/api-keys";
const SSH_KEYS: &str = "/api/client/account/ssh-keys";
const DAY: u64 = 86_400;

/// Each creation: its path, its body, and what its trail tells.
fn creations() -> [(&'static str, Value, &'static str); 2] {
    let line = sample::ssh_key(1).public_key.openssh().to_owned();
    [
        (API_KEYS, json!({"description": "nightly", "allowed_ips": ["127.0.0.1"]}), "user:api-key.create"),
        (SSH_KEYS, json!({"name": "laptop", "public_key": line}), "user:ssh-key.create"),
    ]
}

impl Person<'_> {
    fn named(&self, path: &str, name: &str, body: &Value) -> Ask {
        self.ask("POST", path).header("Idempotency-Key", name).json(body)
    }

    fn post_named(&self, path: &str, name: &str, body: &Value) -> Answer {
        self.house.send(&self.named(path, name, body))
    }

    /// How many there are, but for the API key that the person came with.
    fn made(&self, path: &str) -> usize {
        let listed = self.get(path).json()["data"].as_array().unwrap().len();
        listed - usize::from(path == API_KEYS)
    }

    fn told(&self, event: &str) -> usize {
        self.events().iter().filter(|known| *known == event).count()
    }
}

fn is_new(answer: &Answer) -> bool {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("idempotency-replayed").is_none()
}

/// The same object as before, and nothing secret.
fn assert_repeats(repeated: &Answer, listed: &Value) {
    assert!(!is_new(repeated));
    assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
    assert_eq!(repeated.json(), *listed, "what the list shows, without `meta`");
}

fn newest(person: &Person<'_>, path: &str) -> Value {
    person.get(path).json()["data"].as_array().unwrap().last().unwrap().clone()
}

fn rel_07_an_answer_that_is_lost_after_the_commit_is_asked_for_again_and_there_is_one_row(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let mut faulty = None;
    let failing = house.another_node(kind, |plan| {
        let store = plan.store.as_mut().unwrap();
        let between = FaultyStore::from(Arc::clone(&store.store));
        store.store = Arc::new(between.clone());
        faulty = Some(between);
    });
    let faulty = faulty.unwrap();
    for (path, body, event) in creations() {
        for (name, fault, done) in
            [("undone", StoreFault::UnknownAndUndone, 0), ("done", StoreFault::UnknownButDone, 1)]
        {
            let name = &format!("{name}:{event}");
            let (rows, entries) = (alice.made(path), alice.told(event));
            faulty.fail_next("commit", fault);
            let lost = failing.send(&alice.named(path, name, &body));
            assert_eq!((lost.status, lost.code().as_str()), (503, "ServiceUnavailableHttpException"));
            faulty.heal();
            assert_eq!(alice.made(path) - rows, done);
            // On another node than the one that lost it.
            let again = alice.post_named(path, name, &body);
            assert_eq!(is_new(&again), done == 0);
            assert_repeats(&alice.post_named(path, name, &body), &newest(&alice, path));
            assert_eq!((alice.made(path) - rows, alice.told(event) - entries), (1, 1), "{name}");
            if path == SSH_KEYS {
                let fingerprint = again.json()["attributes"]["fingerprint"].clone();
                let removed = alice.post(&format!("{path}/remove"), &json!({"fingerprint": fingerprint}));
                assert_eq!(removed.status, 204);
            }
        }
    }
}

fn rel_07_twenty_repeats_at_once_on_two_nodes_make_one_row(kind: Kind) {
    let house = House::new(kind);
    let other = house.another_node(kind, |_| {});
    let alice = house.person("alice");
    for (path, body, event) in creations() {
        let entries = alice.told(event);
        let asks: Vec<Ask> = (0..20).map(|_| alice.named(path, event, &body)).collect();
        let addresses = [house.served.address, other.served.address];
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let running: Vec<_> = asks
                .iter()
                .zip(addresses.into_iter().cycle())
                .map(|(ask, address)| scope.spawn(move || ask.send(address)))
                .collect();
            running.into_iter().map(|answer| answer.join().unwrap()).collect()
        });
        assert_eq!(answers.iter().filter(|answer| is_new(answer)).count(), 1);
        let shown = newest(&alice, path);
        assert!(answers.iter().all(|answer| answer.json()["attributes"] == shown["attributes"]));
        assert_eq!((alice.made(path), alice.told(event) - entries), (1, 1));
    }
}

fn rel_07_a_name_that_asked_for_something_else_is_422(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let [(_, api_key, _), (_, ssh_key, _)] = creations();
    assert!(is_new(&alice.post_named(API_KEYS, "first", &api_key)));
    assert!(is_new(&alice.post_named(SSH_KEYS, "second", &ssh_key)));
    let wider = json!({"description": "nightly", "allowed_ips": []});
    let other = json!({"description": "daily", "allowed_ips": ["127.0.0.1"]});
    let until =
        json!({"description": "nightly", "allowed_ips": ["127.0.0.1"], "expires_at": "2099-01-01T00:00:00Z"});
    let renamed = json!({"name": "desktop", "public_key": ssh_key["public_key"]});
    for (path, name, body) in [
        (API_KEYS, "first", &wider),
        (API_KEYS, "first", &other),
        (API_KEYS, "first", &until),
        (API_KEYS, "second", &api_key),
        (SSH_KEYS, "first", &ssh_key),
        (SSH_KEYS, "second", &renamed),
    ] {
        let answer = alice.post_named(path, name, body);
        let detail = "This Idempotency-Key was used for another request in the last 24 hours.";
        assert_eq!(
            (answer.status, answer.error()),
            (422, ("UnprocessableEntityHttpException".to_owned(), detail.to_owned())),
            "{path} {name} {body}"
        );
    }
    assert_eq!((alice.made(API_KEYS), alice.made(SSH_KEYS)), (1, 1));
    // Another account's names are its own; a request without a name is new.
    assert!(is_new(&bob.post_named(API_KEYS, "first", &other)));
    assert!(is_new(&alice.post(API_KEYS, &api_key)));
}

fn rel_07_a_name_counts_for_a_day_and_is_forgotten_with_its_key(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let [(_, body, _), _] = creations();
    let first = alice.post_named(API_KEYS, "daily", &body);
    assert!(is_new(&first));
    house.later(DAY - 1);
    // In quotes it is the same name.
    assert!(!is_new(&alice.post_named(API_KEYS, r#""daily""#, &body)));
    house.later(1);
    assert!(is_new(&alice.post_named(API_KEYS, "daily", &body)));
    let second = newest(&alice, API_KEYS);
    assert_repeats(&alice.post_named(API_KEYS, "daily", &body), &second);
    assert_eq!(alice.made(API_KEYS), 2);
    let identifier = second["attributes"]["identifier"].as_str().unwrap();
    assert_eq!(alice.delete(&format!("{API_KEYS}/{identifier}")).status, 204);
    assert!(is_new(&alice.post_named(API_KEYS, "daily", &body)), "it was asked for again after its deletion");
}

fn rel_07_a_repeat_is_answered_at_the_limit_and_refused_to_who_may_not_ask(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let body = json!({"description": "nightly", "allowed_ips": ["127.0.0.0/8"]});
    assert!(is_new(&alice.post_named(API_KEYS, "full", &body)));
    let first = newest(&alice, API_KEYS);
    let narrow = alice.with_key(&house.key(&alice.account, &["127.0.0.1"]));
    while alice.post(API_KEYS, &body).status == 200 {}
    assert_eq!(alice.made(API_KEYS), 24);
    assert_repeats(&alice.post_named(API_KEYS, "full", &body), &first);
    assert_repeats(&house.signed_in(&alice.account).send_named(&body), &first);
    let answer = alice.post_named(API_KEYS, "new", &body);
    assert_eq!((answer.status, answer.code().as_str()), (400, "DisplayException"));
    // A key that could not have made it.
    assert_eq!(narrow.post_named(API_KEYS, "full", &body).status, 403);
    let identifier = alice.token.get(..16).unwrap();
    assert_eq!(narrow.delete(&format!("{API_KEYS}/{identifier}")).status, 204);
    assert_eq!(alice.post_named(API_KEYS, "full", &body).status, 401);
}

impl crate::person::Browser<'_> {
    fn send_named(&self, body: &Value) -> Answer {
        self.send(self.ask("POST", API_KEYS).header("Idempotency-Key", "full").json(body))
    }
}

fn rel_07_a_header_that_is_no_name_is_400_and_nothing_is_made(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let long = "x".repeat(256);
    for (path, body, _) in creations() {
        for bad in ["", "two words", "\"open", "a,b", "caf\u{e9}", long.as_str()] {
            let answer = alice.post_named(path, bad, &body);
            let detail =
                "The Idempotency-Key header must be one string of 1 to 255 visible ASCII characters.";
            assert_eq!(
                (answer.status, answer.error()),
                (400, ("BadRequestHttpException".to_owned(), detail.to_owned())),
                "{bad:?}"
            );
        }
        let twice = alice.named(path, "a", &body).header("Idempotency-Key", "b");
        assert_eq!(house.send(&twice).status, 400);
        assert_eq!(alice.made(path), 0);
    }
}

on_every_store!(
    rel_07_an_answer_that_is_lost_after_the_commit_is_asked_for_again_and_there_is_one_row,
    rel_07_twenty_repeats_at_once_on_two_nodes_make_one_row,
    rel_07_a_name_that_asked_for_something_else_is_422,
    rel_07_a_name_counts_for_a_day_and_is_forgotten_with_its_key,
    rel_07_a_repeat_is_answered_at_the_limit_and_refused_to_who_may_not_ask,
    rel_07_a_header_that_is_no_name_is_400_and_nothing_is_made,
);
