//! What a body may be (contract 1.1 and 16): JSON, of bounded size and depth, and nothing else.

use account_axum::ROUTES;
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

const EMAIL: &str = "/api/client/account/email";

fn malformed_json_is_400_on_every_endpoint_with_the_contracts_opening(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for route in ROUTES {
        let path = route.path.replace("{identifier}", "ptlc_00000000000").replace("{id}", "0");
        let ask = alice.ask(route.verb.as_str(), &path).header("Content-Type", "application/json");
        let answer = house.send(&ask.body("{\"email\": "));
        assert_eq!((answer.status, answer.code().as_str()), (400, "BadRequestHttpException"), "{path}");
        let opening = "The JSON data passed in the request appears to be malformed: ";
        assert!(answer.error().1.starts_with(opening), "{answer:?}");
    }
}

fn sec_57_no_raw_body_is_answered_with_more_than_a_refusal(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.requests_per_minute = None);
    let alice = house.person("alice");
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(40), "]".repeat(40));
    let raw: Vec<Vec<u8>> = [
        "{'a':1}",
        "{\"email\":\"a\u{1}b\"}",
        "{\"email\":\"\\ud800\"}",
        "{\"email\":\"\\u0000\"}",
        "{\"email\":1,\"email\":2}",
        "\u{feff}{}",
        "{}{}",
        "nul",
        "[",
        "{\"email\":1e999}",
        "{\"email\":NaN}",
        "{,}",
        &deep,
    ]
    .iter()
    .map(|text| text.as_bytes().to_vec())
    .chain([vec![0xff, 0xfe, b'{'], vec![0], b"{\"email\":\"\xc3\x28\"}".to_vec()])
    .collect();
    for route in ROUTES.iter().filter(|route| matches!(route.verb.as_str(), "POST" | "PUT")) {
        for body in &raw {
            let ask = alice.ask(route.verb.as_str(), route.path).header("Content-Type", "application/json");
            let answer = house.send(&ask.body(body));
            assert!((400..500).contains(&answer.status), "{}: {answer:?} to {body:?}", route.path);
            assert!(!answer.code().is_empty());
        }
    }
    assert_eq!(alice.details()["email"], "alice@example.com");
}

fn f_38_no_field_of_a_wrong_type_is_answered_with_more_than_a_refusal(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.requests_per_minute = None;
        plan.policy.throttled = false;
    });
    let alice = house.person("alice");
    let fields = [
        (EMAIL, "PUT", &["email", "password"][..]),
        ("/api/client/account/password", "PUT", &["current_password", "password", "password_confirmation"]),
        ("/api/client/account/two-factor", "POST", &["code", "password"]),
        ("/api/client/account/two-factor/recovery-tokens", "POST", &["password"]),
        ("/api/client/account/api-keys", "POST", &["description", "allowed_ips", "expires_at"]),
        ("/api/client/account/ssh-keys", "POST", &["name", "public_key"]),
        ("/api/client/account/ssh-keys/remove", "POST", &["fingerprint"]),
    ];
    let wrong = [
        json!(true),
        json!(7),
        json!(-1.5),
        json!([]),
        json!([["x"]]),
        json!({}),
        json!({"a": "b"}),
        json!(""),
    ];
    for (path, method, names) in fields {
        for (name, value) in names.iter().flat_map(|name| wrong.iter().map(move |value| (name, value))) {
            let mut body = right_fields();
            body[*name] = value.clone();
            let answer = house.send(&alice.ask(method, path).json(&body));
            let empty = *value == json!("") || (*value == json!([]) && *name == "allowed_ips");
            let optional = matches!(*name, "allowed_ips" | "expires_at");
            let expected = if optional && empty { 200..201 } else { 400..423 };
            assert!(expected.contains(&answer.status), "{path} {name}={value}: {answer:?}");
        }
    }
}

/// One body that has a right value for every field of every endpoint.
fn right_fields() -> Value {
    json!({"email": "alice@example.com", "current_password": PASSWORD, "password": PASSWORD,
        "password_confirmation": PASSWORD, "code": "000000", "description": "x", "allowed_ips": null,
        "expires_at": null, "name": "x", "public_key": "hello", "fingerprint": "x"})
}

fn a_body_that_is_not_json_by_its_type_is_415(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let body = json!({"email": "new@example.com", "password": PASSWORD}).to_string();
    for content_type in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
    {
        let ask = alice.ask("PUT", EMAIL).header("Content-Type", content_type).body(&body);
        let answer = house.send(&ask);
        let expected = (415, "UnsupportedMediaTypeHttpException");
        assert_eq!((answer.status, answer.code().as_str()), expected, "{content_type}");
    }
    assert_eq!(house.send(&alice.ask("PUT", EMAIL).body(&body)).status, 415);
    assert_eq!(alice.details()["email"], "alice@example.com");
    for content_type in ["application/json; charset=utf-8", "application/vnd.api+json"] {
        let ask = alice.ask("PUT", EMAIL).header("Content-Type", content_type).body(&body);
        assert_eq!(house.send(&ask).status, 204, "{content_type}");
    }
}

fn a_body_without_fields_is_answered_by_the_rules_of_the_fields(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for body in ["", "{}", "null", "0", "12", "[1,2]", "\"x\"", "true"] {
        let ask =
            alice.ask("POST", "/api/client/account/ssh-keys").header("Content-Type", "application/json");
        assert_eq!(house.send(&ask.body(body)).status, 422, "{body}");
    }
    let in_query = format!("{EMAIL}?password={}&email=new@example.com", PASSWORD.replace(' ', "%20"));
    assert_eq!(alice.put(&in_query, &json!({"email": "new@example.com"})).status, 400);
}

fn sec_52_fields_that_nobody_asks_for_change_nothing(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let mut body = json!({"id": 99, "user_id": 99, "admin": true, "root_admin": true, "is_admin": true,
        "username": "root", "language": "de", "disabled_at": null, "two_factor": false, "revision": 1,
        "password_epoch": 9, "created_at": "x", "identifier": "ptlc_AAAAAAAAAAA", "secret": "x", "uid": "x"});
    let before = alice.details();
    body["description"] = json!("x");
    let made = alice.post("/api/client/account/api-keys", &body);
    assert_eq!(made.status, 200, "{made:?}");
    assert_ne!(made.json()["attributes"]["identifier"], "ptlc_AAAAAAAAAAA");
    body["email"] = json!("alice@example.com");
    body["password"] = json!(PASSWORD);
    assert_eq!(alice.put(EMAIL, &body).status, 204);
    assert_eq!(alice.details(), before);
}

fn sec_59_a_body_ends_at_64_kib_and_at_sign_in_at_8(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let padded = |length: usize| format!("{{\"x\":\"{}\"}}", "a".repeat(length - 8));
    let status = |ask: Ask, length: usize| {
        house.send(&ask.header("Content-Type", "application/json").body(padded(length))).status
    };
    assert_eq!(status(alice.ask("PUT", EMAIL), 64 * 1024), 400);
    assert_eq!(status(alice.ask("PUT", EMAIL), 64 * 1024 + 1), 413);
    assert_eq!(status(alice.ask("PUT", EMAIL), 4 * 1024 * 1024), 413);
    assert_eq!(status(Ask::new("POST", "/auth/login"), 8 * 1024), 400);
    assert_eq!(status(Ask::new("POST", "/auth/login"), 8 * 1024 + 1), 413);
    let chunk = format!("4000\r\n{}\r\n", "a".repeat(0x4000)).repeat(8);
    let ask = alice.ask("PUT", EMAIL).header("Content-Type", "application/json");
    let answer = house.send(&ask.header("Transfer-Encoding", "chunked").body(format!("{chunk}0\r\n\r\n")));
    assert_eq!((answer.status, answer.code().as_str()), (413, "PostTooLargeException"));
}

on_every_store!(
    malformed_json_is_400_on_every_endpoint_with_the_contracts_opening,
    sec_57_no_raw_body_is_answered_with_more_than_a_refusal,
    f_38_no_field_of_a_wrong_type_is_answered_with_more_than_a_refusal,
    a_body_that_is_not_json_by_its_type_is_415,
    a_body_without_fields_is_answered_by_the_rules_of_the_fields,
    sec_52_fields_that_nobody_asks_for_change_nothing,
    sec_59_a_body_ends_at_64_kib_and_at_sign_in_at_8,
);
