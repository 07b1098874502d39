//! SSH keys: listed, added, removed (contract 6, 9.5 and 14).

use account_axum::SshPublicKeyFormat;
use account_core::mail::{MessageKind, Notice};
use serde_json::{Value, json};

use crate::house::House;
use crate::person::Person;
use crate::raw_client::Answer;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/ssh-keys";
const REMOVE: &str = "/api/client/account/ssh-keys/remove";

const ED25519: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk";
const FINGERPRINT: &str = "SHA256:tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ";
const SPKI: &str = "MCowBQYDK2VwAyEAUW09qZ43pGAcX0FcNukLezrp+OC+25ZhZpBzJlzFsCQ=";
const P256: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMtAm4W6Iqp8pGrues1bfzaaoSrcgNQ8lJ08/bXCxs7a4384Q46UU4l5KQ9C2AfVsGC6Y3wbu9u07vxPmdHdtZU=";

fn add(person: &Person<'_>, name: &str, key: &str) -> Answer {
    person.post(PATH, &json!({"name": name, "public_key": key}))
}

fn remove(person: &Person<'_>, fingerprint: &str) -> u16 {
    person.post(REMOVE, &json!({"fingerprint": fingerprint})).status
}

fn count(person: &Person<'_>) -> usize {
    person.get(PATH).json()["data"].as_array().unwrap().len()
}

fn a_key_is_shown_in_canonical_form_with_the_fingerprint_that_openssh_prints(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.mails();
    let answer = add(&alice, " My Laptop ", &format!("\t{ED25519} laptop@example.com\r\n"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let expected = json!({"object": "ssh_key", "attributes": {"name": "My Laptop", "fingerprint": FINGERPRINT,
        "public_key": ED25519, "created_at": "2026-01-31T12:00:00+00:00"}});
    assert_eq!(answer.json(), expected);
    assert_eq!(add(&alice, "second", P256).status, 200);
    let listed = alice.get(PATH).json();
    assert_eq!(listed["data"][0], expected);
    let second = "SHA256:LVwM8DZP9+EQWJyOSJxgqNnm9ZDB1PD/FgryDd3Z9Fo";
    assert_eq!(listed["data"][1]["attributes"]["fingerprint"], second);
    let entry = alice.get("/api/client/account/activity?per_page=1&sort=timestamp&filter[event]=ssh").json();
    let properties = json!({"fingerprint": FINGERPRINT});
    assert_eq!(entry["data"][0]["attributes"]["properties"], properties);
    let notice = MessageKind::Notice(Notice::SshKeyAdded);
    assert_eq!(house.mails().iter().map(|mail| mail.kind).collect::<Vec<_>>(), [notice, notice]);
}

fn pem_is_taken_and_pkcs8_answered_where_it_is_asked_for(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.ssh_public_key_format = SshPublicKeyFormat::Pkcs8);
    let alice = house.person("alice");
    let answer = add(&alice, "x", &format!("-----BEGIN PUBLIC KEY-----\n{SPKI}\n-----END PUBLIC KEY-----\n"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let attributes = answer.json()["attributes"].clone();
    assert_eq!(attributes["fingerprint"], FINGERPRINT);
    let pem = attributes["public_key"].as_str().unwrap();
    assert!(pem.starts_with("-----BEGIN PUBLIC KEY-----") && pem.contains(SPKI), "{pem}");
}

fn each_rule_has_its_name_and_f_26_nothing_is_a_500(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let faults = |body: Value| -> Vec<(String, String)> {
        let answer = alice.post(PATH, &body);
        assert_eq!(answer.status, 422, "{answer:?}");
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        errors.iter().map(|e| (text(&e["meta"]["source_field"]), text(&e["meta"]["rule"]))).collect()
    };
    let pair = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
    assert_eq!(faults(json!({})), [pair("name", "required"), pair("public_key", "required")]);
    assert_eq!(faults(json!({"name": null, "public_key": ED25519})), [pair("name", "required")]);
    assert_eq!(faults(json!({"name": ["x"], "public_key": ED25519})), [pair("name", "string")]);
    assert_eq!(faults(json!({"name": "\u{e9}".repeat(192), "public_key": ED25519})), [pair("name", "max")]);
    assert_eq!(faults(json!({"name": "a\u{7}b", "public_key": ED25519})), [pair("name", "regex")]);
    assert_eq!(faults(json!({"name": "a\u{202e}b", "public_key": ED25519})), [pair("name", "regex")]);
    assert_eq!(faults(json!({"name": "x", "public_key": ["x"]})), [pair("public_key", "string")]);
    assert_eq!(faults(json!({"name": "x", "public_key": "hello"})), [pair("public_key", "")]);
    let long = format!("{ED25519} {}", "c".repeat(17 * 1024));
    assert_eq!(faults(json!({"name": "x", "public_key": long})).len(), 1);
    for body in [
        json!({"name": "x", "public_key": format!("{ED25519}\n{P256}")}),
        json!({"name": "x", "public_key": format!("no-pty {ED25519}")}),
        json!({"name": "x", "public_key": ED25519.replace("ssh-ed25519 ", "ssh-rsa ")}),
        json!({"name": "x", "public_key": &ED25519[..ED25519.len() - 4]}),
        json!({"name": "x", "public_key": "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----"}),
    ] {
        assert_eq!(faults(body), [pair("public_key", "")]);
    }
    assert_eq!(count(&alice), 0);
    let answer = alice.post(PATH, &json!({"name": "x", "public_key": "hello"}));
    assert_eq!(answer.error().1, "The public key provided is not valid.");
    assert_eq!(add(&alice, &"\u{e9}".repeat(191), ED25519).status, 200);
}

fn a_key_is_once_on_an_account_and_may_be_on_many(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let ask = alice.ask("POST", PATH).json(&json!({"name": "x", "public_key": ED25519}));
    let address = house.served.address;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..20).map(|_| scope.spawn(|| ask.send(address).status)).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "SEC-45: {statuses:?}");
    let again = add(&alice, "other", &format!("{ED25519} another comment"));
    assert_eq!(
        (again.status, again.error().1.as_str()),
        (422, "The public key provided already exists on your account.")
    );
    assert_eq!(add(&bob, "x", ED25519).status, 200);
    assert_eq!((count(&alice), count(&bob)), (1, 1));
}

fn removal_takes_the_fingerprint_in_any_of_its_forms(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let bare = FINGERPRINT.strip_prefix("SHA256:").unwrap();
    for form in [FINGERPRINT.to_owned(), bare.to_owned(), format!("{bare}="), format!(" {FINGERPRINT}= ")] {
        assert_eq!(add(&alice, "x", ED25519).status, 200);
        assert_eq!((remove(&alice, &form), count(&alice)), (204, 0), "{form}");
    }
    let removals = alice.events().iter().filter(|event| *event == "user:ssh-key.delete").count();
    assert_eq!(removals, 4);
}

fn sec_50_removal_of_what_one_has_not_is_204_and_touches_nobody(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    assert_eq!(add(&bob, "x", ED25519).status, 200);
    let before = alice.events().len();
    for fingerprint in [FINGERPRINT, "nonsense", "SHA256:", &FINGERPRINT.to_lowercase(), "' or ''='"] {
        assert_eq!(remove(&alice, fingerprint), 204, "{fingerprint}");
    }
    assert_eq!((count(&bob), alice.events().len()), (1, before));
    for (body, rule) in [
        (json!({}), "required"),
        (json!({"fingerprint": null}), "required"),
        (json!({"fingerprint": ["x"]}), "string"),
    ] {
        let answer = alice.post(REMOVE, &body);
        assert_eq!((answer.status, &answer.json()["errors"][0]["meta"]["rule"]), (422, &json!(rule)));
    }
}

fn sec_39_the_limit_of_keys_holds(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.limits.ssh_keys = 1);
    let alice = house.person("alice");
    assert_eq!(add(&alice, "x", ED25519).status, 200);
    let refused = add(&alice, "y", P256);
    let expected = "You have reached the account limit for number of SSH keys.";
    assert_eq!((refused.status, refused.error()), (400, ("DisplayException".into(), expected.into())));
}

fn sec_39_fifty_keys_are_the_most_unless_policy_says_another_number(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let blob = data_encoding::BASE64.decode(ED25519.split_once(' ').unwrap().1.as_bytes()).unwrap();
    let point = &blob[blob.len() - 32..];
    // One authenticator's keys for as many sites.
    let key = |number: usize| {
        let site = format!("ssh:{number}");
        let parts = [b"sk-ssh-ed25519@openssh.com", point, site.as_bytes()];
        let blob: Vec<u8> = parts
            .iter()
            .flat_map(|part| [&u32::try_from(part.len()).unwrap().to_be_bytes(), *part].concat())
            .collect();
        format!("sk-ssh-ed25519@openssh.com {}", data_encoding::BASE64.encode(&blob))
    };
    for number in 0..50 {
        assert_eq!(add(&alice, "x", &key(number)).status, 200, "{number}");
    }
    assert_eq!(add(&alice, "x", &key(50)).status, 400);
    assert_eq!(count(&alice), 50);
}

on_every_store!(
    sec_39_fifty_keys_are_the_most_unless_policy_says_another_number,
    a_key_is_shown_in_canonical_form_with_the_fingerprint_that_openssh_prints,
    pem_is_taken_and_pkcs8_answered_where_it_is_asked_for,
    each_rule_has_its_name_and_f_26_nothing_is_a_500,
    a_key_is_once_on_an_account_and_may_be_on_many,
    removal_takes_the_fingerprint_in_any_of_its_forms,
    sec_50_removal_of_what_one_has_not_is_204_and_touches_nobody,
    sec_39_the_limit_of_keys_holds,
);
