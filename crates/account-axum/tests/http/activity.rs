//! The audit trail as its owner sees it (contract 7 and 11), and the root of the client area.

use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::person::Person;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/activity";

fn attributes(person: &Person<'_>, query: &str) -> Vec<Value> {
    let answer = person.get(&format!("{PATH}{query}"));
    assert_eq!(answer.status, 200, "{query}: {answer:?}");
    answer.json()["data"].as_array().unwrap().iter().map(|entry| entry["attributes"].clone()).collect()
}

fn pagination(person: &Person<'_>, query: &str) -> Value {
    person.get(&format!("{PATH}{query}")).json()["meta"]["pagination"].clone()
}

fn an_entry_is_as_the_contract_shows_it(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let made = alice.post("/api/client/account/api-keys", &json!({"description": "x"})).json();
    let entry = attributes(&alice, "?per_page=1").remove(0);
    let expected = json!({"id": entry["id"], "batch": null, "event": "user:api-key.create", "is_api": true,
        "ip": "127.0.0.1", "description": null,
        "properties": {"identifier": made["attributes"]["identifier"]},
        "has_additional_metadata": false, "timestamp": "2026-01-31T12:00:00+00:00"});
    assert_eq!(entry, expected);
    assert!(entry["id"].as_str().is_some_and(|id| id.len() >= 32));
    let browser = house.signed_in(&alice.account);
    assert_eq!(browser.post("/api/client/account/sessions/end-others", &json!({})).status, 204);
    let signed_in = attributes(&alice, "?filter[event]=auth:success").remove(0);
    let expected = json!({"ip": "127.0.0.1", "useragent": "a browser"});
    assert_eq!((&signed_in["is_api"], &signed_in["properties"]), (&json!(false), &expected));
}

fn the_actor_is_included_where_it_is_asked_for(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    assert_eq!(house.browser().login("alice", "wrong").status, 400);
    let failed = attributes(&alice, "?include=actor&per_page=1").remove(0);
    assert_eq!(failed["event"], "auth:fail");
    assert_eq!(failed["relationships"]["actor"], json!({"object": "null_resource", "attributes": null}));
    assert_eq!(failed["ip"], "127.0.0.1", "the owner sees from where somebody failed to sign in");
    assert_eq!(failed["has_additional_metadata"], true);
    alice.post("/api/client/account/api-keys", &json!({"description": "x"}));
    let own = attributes(&alice, "?include=actor&per_page=1").remove(0);
    let actor = json!({"object": "user", "attributes": {"uuid": alice.account.uid.to_string(), "username": "alice",
        "email": "alice@example.com", "image": null, "2fa_enabled": false,
        "created_at": "2026-01-31T12:00:00+00:00"}});
    assert_eq!(own["relationships"]["actor"], actor);
    assert_eq!(attributes(&alice, "?include=subject&per_page=1")[0].get("relationships"), None);
}

fn one_sees_what_concerns_oneself_alone(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    bob.post("/api/client/account/api-keys", &json!({"description": "x"}));
    let before = alice.events();
    assert!(before.iter().all(|event| event != "auth:fail"));
    assert_eq!(house.browser().login("bob", "wrong").status, 400);
    assert_eq!(alice.events(), before);
    assert!(bob.events().contains(&"auth:fail".to_owned()));
}

fn pages_sorts_and_filters(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for number in 0..30 {
        house.later(1);
        assert_eq!(house.browser().login("alice", PASSWORD).status, 200, "{number}");
    }
    let total = pagination(&alice, "")["total"].as_u64().unwrap();
    assert!(total >= 31, "{total}");
    let first = pagination(&alice, "");
    assert_eq!(
        (&first["count"], &first["per_page"], &first["current_page"]),
        (&json!(25), &json!(25), &json!(1))
    );
    assert_eq!(first["links"], json!({"next": "https://account.test/api/client/account/activity?page=2"}));
    let second = pagination(&alice, "?page=2&per_page=10&filter[event]=auth:success");
    let link = |page: u64| {
        format!(
            "https://account.test/api/client/account/activity?per_page=10&filter%5Bevent%5D=auth%3Asuccess&page={page}"
        )
    };
    assert_eq!(
        second,
        json!({"total": 30, "count": 10, "per_page": 10, "current_page": 2, "total_pages": 3,
        "links": {"previous": link(1), "next": link(3)}})
    );
    let beyond = pagination(&alice, "?page=99");
    assert_eq!((&beyond["count"], &beyond["current_page"]), (&json!(0), &json!(99)));
    for (query, per_page) in
        [("?per_page=0", 25), ("?per_page=-1", 25), ("?per_page=abc", 25), ("?per_page=101", 100)]
    {
        assert_eq!(pagination(&alice, query)["per_page"], per_page, "{query}");
    }
    let times = |query: &str| -> Vec<String> {
        attributes(&alice, query)
            .iter()
            .map(|entry| entry["timestamp"].as_str().unwrap().to_owned())
            .collect()
    };
    let mut oldest_first = times("?sort=timestamp&per_page=100");
    assert!(oldest_first.is_sorted());
    oldest_first.reverse();
    assert_eq!(times("?per_page=100"), oldest_first);
    assert_eq!(attributes(&alice, "?filter[event]=%25").len(), 0);
}

fn a_filter_finds_what_contains_any_of_its_words_in_either_case(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    alice.enable_two_factor();
    let change = json!({"email": "new@example.com", "password": PASSWORD});
    assert_eq!(alice.put("/api/client/account/email", &change).status, 204);
    let events = |filter: &str| -> Vec<String> {
        let found = attributes(&alice, &format!("?sort=timestamp&filter[event]={filter}"));
        let mut events: Vec<String> =
            found.iter().map(|entry| entry["event"].as_str().unwrap().to_owned()).collect();
        events.sort();
        events
    };
    let (key, email, factor) =
        ("user:api-key.create", "user:account.email-changed", "user:two-factor.create");
    assert_eq!(events("API-KEY"), [key]);
    assert_eq!(events("api-key,EMAIL"), [email, key]);
    assert_eq!(events("email,api-key"), [email, key]);
    assert_eq!(events("email,nothing,two-factor"), [email, factor]);
    assert_eq!(events("create,nothing"), ["user:account.created", key, factor]);
    assert!(events("nothing,neither").is_empty());
}

fn entries_are_kept_for_ninety_days(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.later(1);
    alice.enable_two_factor();
    let sweep = || while house.block_on(house.accounts.sweep()).unwrap().more {};
    house.later(90 * 86_400 - 2);
    sweep();
    assert_eq!(alice.events(), ["user:two-factor.create", "user:api-key.create", "user:account.created"]);
    house.later(2);
    sweep();
    assert_eq!(alice.events(), ["user:two-factor.create"]);
    house.later(1);
    sweep();
    assert_eq!(alice.events(), [""; 0]);
}

fn unknown_filters_and_sorts_are_named(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for (query, code, detail) in [
        (
            "?filter[ip]=1",
            "InvalidFilterQuery",
            "Requested filter(s) `ip` are not allowed. Allowed filter(s) are `event`.",
        ),
        (
            "?sort=-id",
            "InvalidSortQuery",
            "Requested sort(s) `id` is not allowed. Allowed sort(s) are `timestamp`.",
        ),
    ] {
        let answer = alice.get(&format!("{PATH}{query}"));
        assert_eq!((answer.status, answer.error()), (400, (code.to_owned(), detail.to_owned())));
    }
}

fn links_are_relative_and_never_the_host_header_without_a_public_address(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.public_url = None);
    let alice = house.person("alice");
    for _ in 0..3 {
        alice.post("/api/client/account/api-keys", &json!({"description": "x"}));
    }
    let answer = house.send(&alice.ask("GET", &format!("{PATH}?per_page=1")).header("Host", "evil.example"));
    let expected = json!({"next": "/api/client/account/activity?per_page=1&page=2"});
    assert_eq!(answer.json()["meta"]["pagination"]["links"], expected);
    assert!(!answer.text().contains("evil"));
}

fn the_root_of_the_client_area_is_an_empty_list_in_pages(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let expected = json!({"object": "list", "data": [], "meta": {"pagination": {"total": 0, "count": 0,
        "per_page": 25, "current_page": 1, "total_pages": 1, "links": {}}}});
    assert_eq!(alice.get("/api/client").json(), expected);
    assert_eq!(alice.get("/api/client?page=2&include=egg").json(), expected);
    assert_eq!(alice.with_key("nonsense").get("/api/client").status, 401);
}

on_every_store!(
    a_filter_finds_what_contains_any_of_its_words_in_either_case,
    entries_are_kept_for_ninety_days,
    an_entry_is_as_the_contract_shows_it,
    the_actor_is_included_where_it_is_asked_for,
    one_sees_what_concerns_oneself_alone,
    pages_sorts_and_filters,
    unknown_filters_and_sorts_are_named,
    links_are_relative_and_never_the_host_header_without_a_public_address,
    the_root_of_the_client_area_is_an_empty_list_in_pages,
);
