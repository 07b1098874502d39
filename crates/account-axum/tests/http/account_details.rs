//! The account's details (contract 3.1).

use serde_json::json;

use crate::house::House;
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account";

fn the_details_are_exactly_the_seven_of_the_contract(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let answer = alice.get(PATH);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let expected = json!({"object": "user", "attributes": {
        "id": alice.account.id.0, "admin": false, "username": "alice", "email": "alice@example.com",
        "first_name": "Ada", "last_name": "Byron", "language": "en"}});
    assert_eq!(answer.json(), expected);
}

fn head_answers_like_get_without_a_body(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let answer = house.send(&alice.ask("HEAD", PATH));
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(answer.header("content-type"), Some("application/json"));
}

fn f_33_the_answer_is_json_whatever_the_client_accepts(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for accept in
        ["application/json", "APPLICATION/VND.PTERODACTYL.V1+JSON", "*/*", "text/html", "image/png", ""]
    {
        let answer = house.send(&alice.ask("GET", PATH).header("Accept", accept));
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{accept}"
        );
        let answer = house.send(&Ask::new("GET", PATH).header("Accept", accept));
        assert_eq!((answer.status, answer.code().as_str()), (401, "AuthenticationException"), "{accept}");
    }
}

on_every_store!(
    the_details_are_exactly_the_seven_of_the_contract,
    head_answers_like_get_without_a_body,
    f_33_the_answer_is_json_whatever_the_client_accepts,
);
