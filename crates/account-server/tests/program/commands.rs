//! The administration commands: what they print, what they refuse, and that they work beside a running
//! server as well as without one.

use serde_json::Value;

use crate::http::account;
use crate::program::Place;

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_user_is_made_listed_shown_disabled_enabled_and_deleted() {
    let place = Place::new();
    assert_eq!((place.user("mia"), place.user("noa")), (1, 2));
    let all = lines(place.run(&["user", "list"]).result());
    assert_eq!(all.iter().map(|user| user["username"].as_str().unwrap()).collect::<Vec<_>>(), ["mia", "noa"]);
    for name in ["mia", "MIA", "mia@example.com", "Mia@Example.com", "1"] {
        let shown = &lines(place.run(&["user", "show", name]).result())[0];
        assert_eq!(shown["id"], 1, "{name}");
        assert_eq!((&shown["first_name"], &shown["admin"]), (&Value::from("Mia"), &Value::from(false)));
    }
    place.run(&["user", "disable", "mia"]).result();
    place.run(&["user", "disable", "mia"]).result();
    assert_eq!(lines(place.run(&["user", "show", "1"]).result())[0]["disabled"], true);
    place.run(&["user", "enable", "mia"]).result();
    assert_eq!(lines(place.run(&["user", "show", "1"]).result())[0]["disabled"], false);
    place.run(&["user", "delete", "mia"]).result();
    for name in ["mia", "1", "mia@example.com", "no such", ""] {
        assert!(place.run(&["user", "show", name]).refusal().contains("no user"), "{name}");
    }
    assert_eq!(place.user("lea"), 3, "a number is never given twice");
}

#[test]
fn a_username_of_digits_is_a_username_and_never_another_accounts_number() {
    let place = Place::new();
    assert_eq!((place.user("boss"), place.user("001")), (1, 2));
    let shown = |name: &str| lines(place.run(&["user", "show", name]).result())[0]["id"].clone();
    assert_eq!([shown("001"), shown("1"), shown("2")], [2, 1, 2]);
    for name in ["+1", " 1", "1 ", "01", "0001", " boss"] {
        assert!(place.run(&["user", "show", name]).refusal().contains("no user"), "{name:?}");
    }
    let key = ["api-key", "create", "--user", "001", "--description", "test"];
    place.run(&key).result();
    assert_eq!(lines(place.run(&["api-key", "list", "--user", "2"]).result()).len(), 1);
    place.run(&["user", "delete", "001"]).result();
    assert_eq!(lines(place.run(&["user", "list"]).result())[0]["username"], "boss");
}

#[test]
fn a_text_that_means_two_accounts_is_refused_and_says_how_to_tell_them_apart() {
    let place = Place::new();
    assert_eq!(place.user("100"), 1);
    let database = rusqlite::Connection::open(place.path().join("account.db")).unwrap();
    database.execute("UPDATE sqlite_sequence SET seq = 99 WHERE name = 'account'", []).unwrap();
    drop(database);
    assert_eq!(place.user("boss"), 100);
    for arguments in [
        &["user", "show", "100"][..],
        &["user", "delete", "100"],
        &["user", "disable", "100"],
        &["user", "enable", "100"],
        &["user", "set-password", "100", "--password-stdin"],
        &["api-key", "list", "--user", "100"],
        &["api-key", "create", "--user", "100", "--description", "test"],
    ] {
        let ended = place.run(arguments);
        let line = ended.refusal();
        assert!(
            line.contains("account 1 ") && line.contains("account 100") && line.contains("e-mail"),
            "{line}"
        );
    }
    place.run(&["user", "delete", "100@example.com"]).result();
    assert_eq!(lines(place.run(&["user", "show", "100"]).result())[0]["username"], "boss");
}

#[test]
fn a_refused_user_is_one_line_with_every_broken_rule_and_nothing_is_made() {
    let place = Place::new();
    place.user("mia");
    let create = |name: &str, email: &str, password: &str| {
        let arguments = [
            "user",
            "create",
            "--username",
            name,
            "--email",
            email,
            "--first-name",
            "A",
            "--last-name",
            "B",
            "--password-stdin",
        ];
        place.run_with(&arguments, &[], password).refusal().to_owned()
    };
    let line = create("-", "nobody", "short\n");
    for field in ["username: ", "email: ", "password: "] {
        assert!(line.contains(field) && !line.contains("short\n"), "{line}");
    }
    let line = create("mia", "mia@example.com", "password\n");
    assert!(
        line.ends_with("username: is already taken; email: is already taken; password: is too easy to guess"),
        "{line}"
    );
    assert!(
        create("MIA", "other@example.com", "correct horse battery\n").contains("username: is already taken")
    );
    assert!(
        create("other", "MIA@example.com", "correct horse battery\n").contains("email: is already taken")
    );
    assert!(create("other", "other@example.com", "").contains("--password-stdin"));
    assert!(create("other", "other@example.com", "password\n").contains("too easy to guess"));
    assert_eq!(lines(place.run(&["user", "list"]).result()).len(), 1);
}

#[test]
fn a_key_is_printed_alone_listed_without_its_secret_and_revoked() {
    let place = Place::new();
    place.user("mia");
    let arguments = [
        "api-key",
        "create",
        "--user",
        "mia",
        "--description",
        "CI",
        "--allowed-ip",
        "10.0.0.0/8",
        "--allowed-ip",
        "::1",
    ];
    let token = place.run(&arguments).result().to_owned();
    assert_eq!((token.len(), token.lines().count()), (48, 1), "{token}");
    let listed = place.run(&["api-key", "list", "--user", "1"]).result().to_owned();
    let (identifier, secret) = token.split_at(16);
    assert!(listed.contains(identifier) && !listed.contains(secret));
    assert_eq!(lines(&listed)[0]["allowed_ips"], serde_json::json!(["10.0.0.0/8", "::1"]));
    place.run(&["api-key", "revoke", identifier]).result();
    assert_eq!(place.run(&["api-key", "list", "--user", "1"]).result(), "");
    for gone in [identifier, "nonsense", "ptlc_aaaaaaaaaaa"] {
        assert!(place.run(&["api-key", "revoke", gone]).refusal().contains("no API key"));
    }
    let bad = ["api-key", "create", "--user", "mia", "--description", "", "--allowed-ip", "10.0.0.0/33"];
    let line = place.run(&bad).refusal().to_owned();
    assert!(line.contains("description: ") && line.contains("allowed-ip: `10.0.0.0/33`"), "{line}");
    assert!(
        place
            .run(&["api-key", "create", "--user", "nobody", "--description", "x"])
            .refusal()
            .contains("no user")
    );
}

#[test]
fn what_is_done_beside_a_running_server_counts_at_once() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    place.user("mia");
    let key = place.key("mia");
    assert_eq!(account(server.address, &key).status, 200);
    place.run(&["user", "disable", "mia"]).result();
    assert_eq!(account(server.address, &key).status, 401);
    place.run(&["user", "enable", "mia"]).result();
    assert_eq!(account(server.address, &key).status, 200);
    place
        .run_with(&["user", "set-password", "mia", "--password-stdin"], &[], "another horse battery\n")
        .result();
    assert_eq!(account(server.address, &key).json()["attributes"]["username"], "mia");
    place.run(&["api-key", "revoke", &key]).result();
    assert_eq!(account(server.address, &key).status, 401);
    server.stop();
}

#[test]
fn the_file_the_environment_and_the_command_line_find_the_same_database() {
    let place = Place::new();
    let absolute = format!("sqlite://{}", place.path().join("deep.db").display());
    std::fs::write(place.path().join("a.toml"), format!("database = \"{absolute}\"")).unwrap();
    place.user("somebody-else");
    let create = [
        "user",
        "create",
        "--username",
        "mia",
        "--email",
        "m@example.com",
        "--first-name",
        "A",
        "--last-name",
        "B",
        "--admin",
        "--language",
        "de",
        "--password-stdin",
        "--config",
        "a.toml",
    ];
    let made = place.run_with(&create, &[], "correct horse battery\n");
    assert_eq!(lines(made.result())[0]["admin"], true);
    for (arguments, settings) in [
        (vec!["user", "show", "mia", "--config", "a.toml"], vec![]),
        (vec!["user", "show", "mia"], vec![("ACCOUNT_CONFIG", "a.toml")]),
        (vec!["user", "show", "mia"], vec![("ACCOUNT_DATABASE_URL", absolute.as_str())]),
        (
            vec!["user", "show", "mia", "--database", "sqlite://deep.db"],
            vec![("ACCOUNT_DATABASE_URL", "x://")],
        ),
    ] {
        let shown = place.run_with(&arguments, &settings, "");
        assert_eq!(lines(shown.result())[0]["language"], "de");
    }
    assert!(place.run(&["user", "show", "mia"]).refusal().contains("no user"));
}

#[test]
fn many_commands_at_once_lose_nothing() {
    let place = Place::new();
    place.run(&["user", "list"]).result();
    std::thread::scope(|scope| {
        for number in 0..6 {
            let place = &place;
            scope.spawn(move || place.user(&format!("user-{number}")));
        }
    });
    assert_eq!(lines(place.run(&["user", "list"]).result()).len(), 6);
}

#[test]
fn two_first_starts_at_once_agree_on_one_keyring() {
    for _ in 0..10 {
        let place = Place::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| place.run(&["user", "list"]).result().to_owned());
            }
        });
        place.user("mia");
    }
}
