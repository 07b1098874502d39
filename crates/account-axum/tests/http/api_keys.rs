//! API keys: listed, made, deleted (contract 5, 9.3 and 9.4).

use account_core::api_key::ApiKeyPrefix;
use account_core::mail::{MessageKind, Notice};
use serde_json::{Value, json};

use crate::house::House;
use crate::person::Person;
use crate::raw_client::Answer;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/api-keys";
const ACCOUNT: &str = "/api/client/account";

fn create(person: &Person<'_>, body: &Value) -> Value {
    let answer = person.post(PATH, body);
    assert_eq!(answer.status, 200, "creations answer 200, not 201: {answer:?}");
    answer.json()
}

fn faults(answer: &Answer) -> Vec<(String, String, String)> {
    assert_eq!(answer.status, 422, "{answer:?}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = answer.json()["errors"].as_array().unwrap().clone();
    errors
        .iter()
        .map(|e| (text(&e["meta"]["source_field"]), text(&e["meta"]["rule"]), text(&e["detail"])))
        .collect()
}

fn sec_34_a_new_key_shows_its_secret_once_and_f_43_the_whole_token(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.mails();
    let made = create(
        &alice,
        &json!({"description": "  My API Key ", "allowed_ips": [" 127.0.0.1 ", "10.0.0.0/8"]}),
    );
    let identifier = made["attributes"]["identifier"].as_str().unwrap().to_owned();
    assert!(identifier.len() == 16 && identifier.starts_with("ptlc_"), "{identifier}");
    assert_eq!(made["object"], "api_key");
    let expected = json!({"identifier": identifier, "description": "My API Key",
        "allowed_ips": ["127.0.0.1", "10.0.0.0/8"], "last_used_at": null, "expires_at": null,
        "created_at": "2026-01-31T12:00:00+00:00"});
    assert_eq!(made["attributes"], expected);
    let (secret, token) =
        (made["meta"]["secret_token"].as_str().unwrap(), made["meta"]["token"].as_str().unwrap());
    assert_eq!((secret.len(), token), (32, format!("{identifier}{secret}").as_str()));
    assert_eq!(alice.with_key(token).get(ACCOUNT).status, 200);
    let listed = alice.get(PATH);
    assert!(!listed.text().contains(secret) && !listed.text().contains("meta"));
    assert_eq!(listed.json()["data"][1]["attributes"]["identifier"], identifier);
    let entry = alice.get("/api/client/account/activity?per_page=1").json()["data"][0]["attributes"].clone();
    assert_eq!(
        (&entry["event"], &entry["properties"]),
        (&json!("user:api-key.create"), &json!({"identifier": identifier}))
    );
    let notice = MessageKind::Notice(Notice::ApiKeyCreated);
    assert_eq!(house.mails().iter().map(|mail| mail.kind).collect::<Vec<_>>(), [notice]);
}

fn a_key_begins_as_policy_says_and_its_identifier_is_letters_and_digits(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.api_key_prefix = ApiKeyPrefix::parse("acme_").unwrap());
    let alice = house.person("alice");
    for _ in 0..10 {
        let made = create(&alice, &json!({"description": "x"}));
        let identifier = made["attributes"]["identifier"].as_str().unwrap();
        let rest = identifier.strip_prefix("acme_").unwrap();
        assert!(rest.len() == 11 && rest.bytes().all(|b| b.is_ascii_alphanumeric()), "{identifier}");
        assert_eq!(alice.with_key(made["meta"]["token"].as_str().unwrap()).get(ACCOUNT).status, 200);
    }
}

fn the_list_is_whole_oldest_first_and_ones_own(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    for name in ["one", "two", "three"] {
        create(&alice, &json!({"description": name}));
        house.later(1);
    }
    let listed = alice.get(PATH).json();
    assert_eq!((&listed["object"], listed.get("meta")), (&json!("list"), None));
    let names: Vec<_> =
        listed["data"].as_array().unwrap().iter().map(|k| k["attributes"]["description"].clone()).collect();
    assert_eq!(names, ["a key", "one", "two", "three"]);
    assert_eq!(bob.get(PATH).json()["data"].as_array().unwrap().len(), 1);
}

fn each_rule_has_its_name(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let fault = |body: Value| {
        let found = faults(&alice.post(PATH, &body));
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].clone()
    };
    let entry =
        |field: &str, rule: &str, detail: &str| (field.to_owned(), rule.to_owned(), detail.to_owned());
    let required = entry("description", "required", "The description field is required.");
    for body in [json!({}), json!({"description": null}), json!({"description": " "})] {
        assert_eq!(fault(body), required);
    }
    assert_eq!(fault(json!({"description": ["a"]})).1, "string");
    let long = "The description may not be greater than 500 characters.";
    assert_eq!(fault(json!({"description": "\u{e9}".repeat(501)})), entry("description", "max", long));
    for hidden in ["a\u{7}b", "a\u{7f}b", "a\u{1b}[31mb"] {
        let format = "The description format is invalid.";
        assert_eq!(fault(json!({"description": hidden})), entry("description", "regex", format));
    }
    assert_eq!(fault(json!({"description": "x", "allowed_ips": "127.0.0.1"})).1, "array");
    assert_eq!(fault(json!({"description": "x", "allowed_ips": {"a": "127.0.0.1"}})).1, "array");
    let many = vec!["10.0.0.1"; 51];
    let too_many = "The allowed ips may not have more than 50 items.";
    assert_eq!(
        fault(json!({"description": "x", "allowed_ips": many})),
        entry("allowed_ips", "max", too_many)
    );
    let not_string = "The allowed_ips.0 must be a string.";
    assert_eq!(
        fault(json!({"description": "x", "allowed_ips": [127]})),
        entry("allowed_ips.0", "string", not_string)
    );
    create(&alice, &json!({"description": "\u{e9}".repeat(500), "allowed_ips": vec!["10.0.0.1"; 50]}));
    create(&alice, &json!({"description": "two\r\n\tlines"}));
}

fn f_22_and_f_23_only_addresses_and_ranges_are_taken_and_each_bad_one_is_named(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let bad = [
        "hodor",
        "hodor/24",
        "10.0.0.0/33",
        "::1/129",
        "10.0.0.0/-1",
        "10.0.0.0/",
        "127.0.0",
        "256.1.1.1",
        "127.0.0.1:80",
        "2130706433",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "192.168.1.*",
        "192.168.1.1-192.168.1.9",
        "192.168.1.0 255.255.255.0",
        "fe80::1%eth0",
        "localhost",
        "1.2.3.4,5.6.7.8",
        "[::1]",
        "10.0.0.0/8/8",
    ];
    let found = faults(&alice.post(PATH, &json!({"description": "x", "allowed_ips": bad})));
    assert_eq!(found.len(), bad.len());
    for (index, (entry, found)) in bad.iter().zip(&found).enumerate() {
        let detail = format!("\"{entry}\" is not a valid IP address or CIDR range.");
        assert_eq!(*found, (format!("allowed_ips.{index}"), String::new(), detail));
    }
    let good = [
        "127.0.0.1",
        "127.0.0.1/32",
        "::1",
        "::1/128",
        "::ffff:7f00:1",
        "192.168.10.10/28",
        "2001:DB8:0:0::1",
        "0.0.0.0/0",
    ];
    let made = create(&alice, &json!({"description": "x", "allowed_ips": good}));
    assert_eq!(made["attributes"]["allowed_ips"], json!(good), "as the client wrote them");
}

fn an_expiry_is_honoured_and_shown(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for bad in ["soon", "2020-01-01", "2026-01-31T12:00:00+00:00", "2026-01-31T13:00:00+01:00"] {
        let found = faults(&alice.post(PATH, &json!({"description": "x", "expires_at": bad})));
        assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("expires_at", "after"), "{bad}");
    }
    let made = create(&alice, &json!({"description": "x", "expires_at": "2026-01-31T14:00:00+01:00"}));
    assert_eq!(made["attributes"]["expires_at"], "2026-01-31T13:00:00+00:00");
    let short = alice.with_key(made["meta"]["token"].as_str().unwrap());
    assert_eq!(short.get(ACCOUNT).status, 200);
    house.later(3600);
    assert_eq!(short.get(ACCOUNT).status, 401);
}

fn f_5_the_twenty_sixth_key_is_refused_also_when_all_come_at_once(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let ask = alice.ask("POST", PATH).json(&json!({"description": "x"}));
    let address = house.served.address;
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..40).map(|_| scope.spawn(|| ask.send(address))).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 24);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        let expected = "You have reached the account limit for number of API keys.";
        assert_eq!(refused.error(), ("DisplayException".into(), expected.into()));
    }
    assert_eq!(alice.get(PATH).json()["data"].as_array().unwrap().len(), 25);
    assert_eq!(faults(&alice.post(PATH, &json!({})))[0].1, "required", "the limit comes after the fields");
}

fn sec_50_only_ones_own_key_is_deleted_and_everything_else_is_one_404(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let other = alice.with_key(&house.key(&alice.account, &[]));
    let delete = |who: &Person<'_>, identifier: &str| who.delete(&format!("{PATH}/{identifier}"));
    let refused: Vec<_> = [
        &bob.token[..16],
        "ptlc_00000000000",
        "x",
        "ptla_00000000000",
        "%00",
        "%ff",
        "..%2fx",
        "'%20or%20''='",
    ]
    .iter()
    .map(|identifier| delete(&alice, identifier))
    .collect();
    for answer in &refused {
        let expected = "The requested resource could not be found on the server.";
        assert_eq!(answer.error(), ("NotFoundHttpException".into(), expected.into()));
        assert_eq!((answer.status, &answer.body), (404, &refused[0].body));
    }
    assert_eq!(bob.get(ACCOUNT).status, 200);
    assert_eq!(delete(&alice, &other.token[..16]).status, 204);
    assert_eq!(other.get(ACCOUNT).status, 401, "SEC-37: at once");
    assert_eq!(delete(&alice, &other.token[..16]).status, 404);
    assert_eq!(delete(&alice, &alice.token[..16]).status, 204, "a key may delete itself");
    assert_eq!(alice.get(ACCOUNT).status, 401);
}

fn sec_38_a_restricted_key_makes_none_that_is_wider(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let bound = alice.with_key(&house.key(&alice.account, &["127.0.0.0/8", "10.0.0.0/16"]));
    for wider in [
        json!([]),
        json!(null),
        json!(["0.0.0.0/0"]),
        json!(["127.0.0.0/7"]),
        json!(["::1"]),
        json!(["10.0.0.1", "10.1.0.1"]),
    ] {
        let answer = bound.post(PATH, &json!({"description": "x", "allowed_ips": wider}));
        assert_eq!((answer.status, answer.code().as_str()), (403, "AccessDeniedHttpException"), "{wider}");
    }
    let inside = create(&bound, &json!({"description": "x", "allowed_ips": ["127.0.0.1", "10.0.255.0/24"]}));
    assert_eq!(alice.with_key(inside["meta"]["token"].as_str().unwrap()).get(ACCOUNT).status, 200);
    let until = create(&alice, &json!({"description": "x", "expires_at": "2026-02-01T00:00:00Z"}));
    let until = alice.with_key(until["meta"]["token"].as_str().unwrap());
    for later in [json!(null), json!("2026-02-01T00:00:01Z")] {
        assert_eq!(until.post(PATH, &json!({"description": "x", "expires_at": later})).status, 403);
    }
    create(&until, &json!({"description": "x", "expires_at": "2026-02-01T00:00:00Z"}));
}

on_every_store!(
    a_key_begins_as_policy_says_and_its_identifier_is_letters_and_digits,
    sec_34_a_new_key_shows_its_secret_once_and_f_43_the_whole_token,
    the_list_is_whole_oldest_first_and_ones_own,
    each_rule_has_its_name,
    f_22_and_f_23_only_addresses_and_ranges_are_taken_and_each_bad_one_is_named,
    an_expiry_is_honoured_and_shown,
    f_5_the_twenty_sixth_key_is_refused_also_when_all_come_at_once,
    sec_50_only_ones_own_key_is_deleted_and_everything_else_is_one_404,
    sec_38_a_restricted_key_makes_none_that_is_wider,
);
