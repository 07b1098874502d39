//! What the program refuses to start with, each with one clear line and a code that is not zero.

use std::os::unix::fs::PermissionsExt;

use crate::program::Place;

const SERVE: &[&str] = &["serve", "--listen", "127.0.0.1:0"];

#[test]
fn an_unknown_setting_is_refused_by_name_whatever_the_command() {
    let place = Place::new();
    for command in [SERVE, &["user", "list"], &["keyring", "new", "k"], &["try"]] {
        let line = place.run_with(command, &[("ACCOUNT_LISTN", "x")], "").refusal().to_owned();
        assert_eq!(line, "account-server: ACCOUNT_LISTN: there is no such setting");
    }
    std::fs::write(place.path().join("a.toml"), "colour = \"red\"").unwrap();
    let line = place.run(&["serve", "--config", "a.toml"]).refusal().to_owned();
    assert!(line.contains("`colour` in a.toml"), "{line}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 1, "nothing was made");
}

#[test]
fn a_variable_of_the_tests_is_never_an_unknown_setting() {
    let place = Place::new();
    let ended = place.run_with(&["user", "list"], &[("ACCOUNT_TEST_ANYTHING", "x")], "");
    assert_eq!(ended.result(), "");
}

#[test]
fn every_bad_value_is_one_line_that_names_the_setting() {
    let place = Place::new();
    for (name, value) in [
        ("ACCOUNT_LISTEN", "nowhere"),
        ("ACCOUNT_DATABASE_URL", "mysql://u:geheim@h/d"),
        ("ACCOUNT_TRUSTED_PROXIES", "10.0.0.0/64"),
        ("ACCOUNT_PUBLIC_URL", "ftp://x"),
        ("ACCOUNT_LIMITS", "maybe"),
        ("ACCOUNT_API_LIMIT", "-1"),
        ("ACCOUNT_LOG_FORMAT", "xml"),
        ("ACCOUNT_TWO_FACTOR_REQUIRED", "7"),
        ("RUST_LOG", "=,=="),
        ("ACCOUNT_CONFIG", "missing.toml"),
    ] {
        let ended = place.run_with(&["serve"], &[(name, value)], "");
        let line = ended.refusal();
        let named = if name == "ACCOUNT_CONFIG" { "missing.toml" } else { name };
        assert!(line.contains(named) && !line.contains("geheim"), "{line}");
    }
    let line = place.run(&["serve", "--listen", "nowhere"]).refusal().to_owned();
    assert!(line.starts_with("account-server: --listen: "), "{line}");
}

#[test]
fn limits_off_beyond_loopback_is_refused_and_on_loopback_a_loud_warning() {
    let place = Place::new();
    let line = place
        .run_with(&["serve", "--listen", "0.0.0.0:0"], &[("ACCOUNT_LIMITS", "off")], "")
        .refusal()
        .to_owned();
    assert!(line.contains("ACCOUNT_LIMITS"), "{line}");
    let mut server = place.serve(&[("ACCOUNT_LIMITS", "off")]);
    server.stop();
    assert!(server.whole_log().contains("LIMITS ARE OFF"));
}

#[test]
fn a_bad_missing_or_foreign_keyring_is_refused() {
    let place = Place::new();
    place.user("mia");
    std::fs::write(place.path().join("bad"), "not a keyring").unwrap();
    place.run(&["keyring", "new", "foreign"]).result();
    for (keyring, word) in [("bad", "bad"), ("none", "missing"), ("foreign", "key")] {
        let ended = place.run_with(SERVE, &[("ACCOUNT_KEYRING", keyring)], "");
        let line = ended.refusal();
        assert!(line.contains(word), "{line}");
    }
    let own = place.path().join("account.db.keyring");
    let keys = std::fs::read_to_string(&own).unwrap();
    std::fs::remove_file(&own).unwrap();
    assert!(place.run(SERVE).refusal().contains("account.db.keyring is missing"));
    assert!(!own.exists(), "no new keyring is made for an old database");
    let from_environment = place.run_with(&["user", "list"], &[("ACCOUNT_KEYRING_KEYS", &keys)], "");
    assert!(from_environment.result().contains("mia"));
}

#[test]
fn a_newer_schema_another_programs_database_and_no_database_are_refused() {
    let place = Place::new();
    place.user("mia");
    let path = place.path().join("account.db");
    let database = rusqlite::Connection::open(&path).unwrap();
    database.execute("INSERT INTO schema_migration VALUES (999, 'from the future', x'00')", []).unwrap();
    drop(database);
    let line = place.run(SERVE).refusal().to_owned();
    assert!(line.contains("schema 999") && line.contains("newer program"), "{line}");

    let other = Place::new();
    let database = rusqlite::Connection::open(other.path().join("account.db")).unwrap();
    database.execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    drop(database);
    other.run(&["keyring", "new", "account.db.keyring"]).result();
    assert!(other.run(SERVE).refusal().contains("another program"));

    std::fs::write(path, "this is no database at all, and long enough to be seen as none".repeat(99))
        .unwrap();
    assert!(place.run(SERVE).refusal().contains("account.db"));
}

#[test]
fn an_address_that_is_taken_is_refused_before_anything_is_made() {
    let place = Place::new();
    let holder = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = holder.local_addr().unwrap().to_string();
    let line = place.run(&["serve", "--listen", &address]).refusal().to_owned();
    assert!(line.contains(&address), "{line}");
    assert_eq!(std::fs::read_dir(place.path()).unwrap().count(), 0);
}

#[test]
fn postgres_without_a_keyring_is_refused_without_its_password() {
    let place = Place::new();
    let line = place
        .run(&["serve", "--listen", "127.0.0.1:0", "--database", "postgres://u:geheim@127.0.0.1:1/d"])
        .refusal()
        .to_owned();
    assert!(
        line.contains("ACCOUNT_KEYRING") && line.contains("u:***@") && !line.contains("geheim"),
        "{line}"
    );
}

#[test]
fn a_wrong_command_line_is_two_and_help_is_a_result() {
    let place = Place::new();
    for line in [&["frobnicate"][..], &["serve", "--colour"], &["user", "set-password", "mia"], &[]] {
        assert_eq!(place.run(line).code, Some(2), "{line:?}");
    }
    assert!(place.run(&["--help"]).result().contains("serve"));
    assert!(place.run(&["--version"]).result().starts_with("account-server "));
}

#[test]
fn a_keyring_that_others_can_read_is_warned_about() {
    let place = Place::new();
    place.run(&["keyring", "new", "k"]).result();
    let path = place.path().join("k");
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(place.run(&["keyring", "new", "k"]).refusal().contains("already exists"));
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ended = place.run_with(&["user", "list"], &[("ACCOUNT_KEYRING", "k")], "");
    assert_eq!(ended.result(), "");
    assert!(ended.err.contains("chmod 600"), "{}", ended.err);
}
