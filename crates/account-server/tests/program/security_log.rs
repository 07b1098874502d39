//! What the log says of security: an event for what was refused and for what was changed, with who and from
//! where, and nothing for what merely succeeded (SEC-64).

use serde_json::Value;

use crate::http::{account, ask};
use crate::program::Place;

fn events(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["message"] == message).collect()
}

#[test]
fn sec_64_refusals_and_changes_are_events_with_account_and_client_and_successes_are_not() {
    let place = Place::new();
    place.user("mia");
    let key = place.key("mia");
    let elsewhere =
        ["api-key", "create", "--user", "mia", "--description", "x", "--allowed-ip", "10.0.0.0/8"];
    let elsewhere = place.run(&elsewhere).result().to_owned();
    let mut server = place.serve(&[("ACCOUNT_LOG_FORMAT", "json")]);
    let address = server.address;
    assert_eq!(account(address, &key).status, 200);
    assert!(events(&server.log(), "account event").is_empty(), "a success is no event");

    assert_eq!(account(address, &format!("{}x", &key[..47])).status, 401);
    assert_eq!(account(address, &elsewhere).status, 403);
    let email = r#"{"email":"mia@example.org","password":"correct horse battery"}"#;
    assert_eq!(ask(address, "PUT", "/api/client/account/email", &key, email).status, 204);
    let pasted = format!("/api/client/account/api-keys/{key}");
    assert_eq!(ask(address, "DELETE", &pasted, &key, "").status, 404);
    for user in ["mia", "mia's other password"] {
        let guess = format!(r#"{{"user":"{user}","password":"wrong password"}}"#);
        assert_eq!(ask(address, "POST", "/auth/login", "", &guess).status, 400);
    }
    server.stop();
    let log = server.whole_log();

    let refused = events(&log, "refused");
    let seen: Vec<_> =
        refused.iter().map(|event| (event["status"].as_u64(), event["client"].as_str())).collect();
    let at_home = Some("127.0.0.1");
    assert_eq!(seen, [401, 403, 404, 400, 400].map(|status| (Some(status), at_home)), "{log}");
    assert_eq!(refused[0]["code"], "AuthenticationException");
    assert_eq!(refused[2]["account"], 1);
    assert_eq!(refused[2]["route"], "/api/client/account/api-keys/{identifier}");

    let events = events(&log, "account event");
    let seen: Vec<_> =
        events.iter().map(|event| (event["event"].as_str().unwrap(), event["account"].as_i64())).collect();
    let expected = [
        ("auth:ip-blocked", Some(1)),
        ("user:account.email-changed", Some(1)),
        ("auth:fail", Some(1)),
        ("auth:fail", None),
    ];
    assert_eq!(seen, expected, "{log}");
    assert!(events.iter().all(|event| event["client"] == "127.0.0.1"));
    assert!(events.iter().all(|event| event["request"].is_string()), "{log}");
    assert_eq!(events[1]["key"], key[..16]);
    for secret in ["other password", "wrong password", "correct horse", &key[16..], "mia@example"] {
        assert!(!log.contains(secret), "{secret}\n{log}");
    }
}

#[test]
fn sec_64_an_altered_row_is_an_error_in_the_log_and_as_good_as_absent() {
    let place = Place::new();
    place.user("mia");
    let key = place.key("mia");
    let database = rusqlite::Connection::open(place.path().join("account.db")).unwrap();
    database.execute("UPDATE api_key SET allowed_ips = '[\"0.0.0.0/0\"]'", []).unwrap();
    drop(database);
    let mut server = place.serve(&[]);
    assert_eq!(account(server.address, &key).status, 401);
    server.stop();
    let log = server.whole_log();
    let alarm = log.lines().find(|line| line.contains("forged")).expect("an alarm");
    assert!(alarm.contains("ERROR") && alarm.contains(&key[..16]) && alarm.contains("request="), "{alarm}");
    assert!(!log.contains(&key[16..]));
}
