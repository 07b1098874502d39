//! Which texts are SSH public keys (contract 6.2, 9.5 and 16): keys that `ssh-keygen` and `openssl` made, with the
//! fingerprints that `ssh-keygen -l` prints, and texts that are none.

use account_axum::SshPublicKeyFormat;
use serde_json::{Value, json};

use crate::house::House;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/ssh-keys";
const ACCEPTED: &str = include_str!("../ssh_public_keys/accepted.jsonl");
const REFUSED: &str = include_str!("../ssh_public_keys/refused.jsonl");

fn rows(text: &'static str) -> impl Iterator<Item = Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap())
}

fn keys_of_every_kind_are_taken_and_shown_as_one_line_of_openssh(kind: Kind) {
    let house = House::new(kind);
    let mut kinds = 0;
    for (number, row) in rows(ACCEPTED).enumerate() {
        let person = house.person(&format!("person{number}"));
        let answer = person.post(PATH, &json!({"name": "x", "public_key": row["key"]}));
        assert_eq!(answer.status, 200, "{row}: {answer:?}");
        let shown = answer.json()["attributes"].clone();
        assert_eq!(
            (&shown["fingerprint"], &shown["public_key"]),
            (&row["fingerprint"], &row["openssh"]),
            "{row}"
        );
        kinds += 1;
    }
    assert_eq!(kinds, 11);
}

fn keys_of_every_kind_are_shown_as_pkcs8_where_there_is_such_a_form(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.ssh_public_key_format = SshPublicKeyFormat::Pkcs8);
    for (number, row) in rows(ACCEPTED).enumerate() {
        let person = house.person(&format!("person{number}"));
        let answer = person.post(PATH, &json!({"name": "x", "public_key": row["key"]}));
        let shown = answer.json()["attributes"]["public_key"].as_str().unwrap().to_owned();
        if row["name"].as_str().unwrap().starts_with("FIDO") {
            assert_eq!(shown, row["openssh"], "PKCS#8 knows no such key");
            continue;
        }
        let lines: Vec<&str> = shown.split("\r\n").collect();
        assert_eq!(lines[0], "-----BEGIN PUBLIC KEY-----", "{row}");
        assert!(lines.contains(&"-----END PUBLIC KEY-----"), "{row}");
        assert!(lines.iter().all(|line| !line.contains('\n') && line.len() <= 64), "{row}: {shown:?}");
        if row["name"].as_str().unwrap().contains("PEM") {
            let given = row["key"].as_str().unwrap().replace("\r\n", "\n");
            assert_eq!(shown.replace("\r\n", "\n").trim_end(), given, "what openssl wrote");
        }
    }
}

fn f_26_everything_else_is_refused_in_the_contracts_words(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let mut refused = 0;
    for row in rows(REFUSED) {
        let answer = alice.post(PATH, &json!({"name": "x", "public_key": row["key"]}));
        assert_eq!(answer.status, 422, "{row}: {answer:?}");
        let errors = answer.json()["errors"].clone();
        let expected = json!([{"code": "ValidationException", "status": "422", "detail": row["detail"],
            "meta": {"source_field": "public_key", "rule": ""}}]);
        assert_eq!(errors, expected, "{row}");
        refused += 1;
    }
    assert_eq!(refused, 24);
    assert_eq!(alice.get(PATH).json()["data"], json!([]));
}

on_every_store!(
    keys_of_every_kind_are_taken_and_shown_as_one_line_of_openssh,
    keys_of_every_kind_are_shown_as_pkcs8_where_there_is_such_a_form,
    f_26_everything_else_is_refused_in_the_contracts_words,
);
