//! Exchanging the key of a keyring, step by step, as an operator does it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::http::{account, ask};
use crate::program::{Place, pause};

fn rewrap(place: &Place) -> Value {
    serde_json::from_str(place.run(&["keyring", "rewrap"]).result()).unwrap()
}

#[test]
fn sec_30_a_key_is_exchanged_while_the_server_serves_and_nothing_is_lost() {
    let place = Place::new();
    place.user("mia");
    let (key, file) = (place.key("mia"), "account.db.keyring");
    let old = rewrap(&place)["current"].as_str().unwrap().to_owned();
    assert!(place.run(&["keyring", "retire", &old]).refusal().contains("current key"));

    let new = place.run(&["keyring", "add", file]).result().to_owned();
    assert_eq!(rewrap(&place)["current"], old, "a key that was added does not write yet");
    let mut server = place.serve(&[]);
    assert_eq!(account(server.address, &key).status, 200);

    place.run(&["keyring", "promote", file, &new]).result();
    place.run(&["keyring", "promote", file, &new]).result();
    let done = rewrap(&place);
    assert_eq!(done["current"], new);
    assert_eq!((&done["accounts"], &done["moved"]), (&Value::from(1), &Value::from(1)));
    assert_eq!(done["still_named"], serde_json::json!([old]), "the password waits for its owner");
    assert_eq!(account(server.address, &key).status, 200, "a server with the old order reads the new rows");
    assert!(place.run(&["keyring", "retire", &old]).refusal().contains("still name"));
    server.stop();

    let mut server = place.serve(&[]);
    let body = r#"{"user":"mia","password":"correct horse battery"}"#;
    assert_eq!(ask(server.address, "POST", "/auth/login", "", body).status, 200);
    let done = rewrap(&place);
    assert_eq!((&done["moved"], &done["still_named"]), (&Value::from(0), &serde_json::json!([])));
    assert!(place.run(&["keyring", "retire", &old]).result().contains("remove its line"));
    assert!(place.run(&["user", "list"]).result().contains("mia"), "the line may stay a while");
    server.stop();

    let path = place.path().join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let left: Vec<_> = text.lines().filter(|line| !line.starts_with(&old)).collect();
    std::fs::write(&path, left.join("\n")).unwrap();
    assert!(place.run(&["keyring", "retire", &old]).refusal().contains("has no key"));
    let mut server = place.serve(&[]);
    assert_eq!(account(server.address, &key).status, 200);
    assert_eq!(ask(server.address, "POST", "/auth/login", "", body).status, 200);
    server.stop();
}

#[test]
fn sec_30_an_exchange_that_is_killed_leaves_every_row_readable_and_is_taken_up_again() {
    let place = Place::new();
    let names: Vec<String> = (0..20).map(|number| format!("user{number}")).collect();
    let keys: Vec<String> = names
        .iter()
        .map(|name| {
            place.user(name);
            place.key(name)
        })
        .collect();
    let file = "account.db.keyring";
    let new = place.run(&["keyring", "add", file]).result().to_owned();
    place.run(&["keyring", "promote", file, &new]).result();
    let mut server = place.serve(&[]);
    let all_are_good = || keys.iter().all(|key| account(server.address, key).status == 200);
    for milliseconds in [6, 9, 12, 16, 24] {
        let mut command = place.command(&["keyring", "rewrap"], &[]);
        let mut running = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        pause(Duration::from_millis(milliseconds));
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(all_are_good(), "killed after {milliseconds} ms");
    }
    let done = rewrap(&place);
    assert_eq!((&done["current"], &done["accounts"]), (&Value::from(new), &Value::from(20)));
    assert_eq!(rewrap(&place)["moved"], 0);
    assert!(all_are_good());
    server.stop();
}

#[test]
fn sec_30_a_key_that_the_ring_lacks_is_refused_and_the_file_stays() {
    let place = Place::new();
    place.run(&["keyring", "new", "k"]).result();
    let before = std::fs::read_to_string(place.path().join("k")).unwrap();
    let line = place.run(&["keyring", "promote", "k", "k-0009-00000000"]).refusal().to_owned();
    assert!(line.contains("has no key `k-0009-00000000`"), "{line}");
    let pasted = before.lines().find(|line| line.starts_with("k-")).unwrap();
    for command in [&["keyring", "promote", "k", pasted][..], &["keyring", "retire", pasted]] {
        let line = place.run(command).refusal().to_owned();
        assert!(line.contains("no key's name") && !line.contains(pasted), "{line}");
    }
    assert!(place.run(&["keyring", "add", "missing"]).refusal().contains("missing"));
    assert_eq!(std::fs::read_to_string(place.path().join("k")).unwrap(), before);
}
