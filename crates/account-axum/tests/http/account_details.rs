//! The account's details (contract 3.1).

use account_core::admin::{InitialPassword, NewUser};
use account_core::email::Email;
use account_core::password::NewPassword;
use account_core::policy::Policy;
use account_core::profile::{Language, Username};
use serde_json::json;

use crate::house::{House, PASSWORD};
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

fn a_name_that_was_never_given_is_null_and_the_language_is_the_accounts_own(kind: Kind) {
    let house = House::new(kind);
    let wanted = NewUser {
        username: Username::parse("alice").unwrap(),
        email: Email::parse("alice@example.com").unwrap(),
        first_name: None,
        last_name: None,
        language: Language::parse("pt-BR").unwrap(),
        admin: true,
        email_verified: false,
        password: InitialPassword::Chosen(
            NewPassword::parse(PASSWORD, &Policy::default().passwords, &[]).unwrap(),
        ),
    };
    let account = house.block_on(house.accounts.admin().register(wanted)).unwrap();
    let browser = house.browser();
    let signed_in = browser.login("alice", PASSWORD).json();
    for shown in [&signed_in["data"]["user"], &browser.get(PATH).json()["attributes"]] {
        assert_eq!((&shown["first_name"], &shown["last_name"]), (&json!(null), &json!(null)), "{shown}");
        assert_eq!((&shown["language"], &shown["admin"]), (&json!("pt-BR"), &json!(true)), "{shown}");
        assert!(shown.as_object().unwrap().contains_key("first_name"), "null, and not left out");
    }
    assert_eq!(signed_in["data"]["user"]["uuid"], account.uid.to_string());
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
    a_name_that_was_never_given_is_null_and_the_language_is_the_accounts_own,
    the_details_are_exactly_the_seven_of_the_contract,
    head_answers_like_get_without_a_body,
    f_33_the_answer_is_json_whatever_the_client_accepts,
);
