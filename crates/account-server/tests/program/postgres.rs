//! The program on PostgreSQL: the same commands and the same API, over a database of its own.

use account_postgres::scratch::ScratchDatabase;

use crate::http::{account, ask};
use crate::program::Place;

fn database() -> ScratchDatabase {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(ScratchDatabase::empty()).unwrap()
}

#[test]
fn two_servers_share_a_database_that_the_first_command_made() {
    let (place, database) = (Place::new(), database());
    place.run(&["keyring", "new", "k"]).result();
    let url = database.url();
    let settings = [("ACCOUNT_DATABASE_URL", url.as_str()), ("ACCOUNT_KEYRING", "k")];
    let create = "user create --username mia --email mia@example.com --first-name A --last-name B \
                  --password-stdin";
    let create: Vec<_> = create.split_whitespace().collect();
    place.run_with(&create, &settings, "correct horse battery\n").result();
    let create = ["api-key", "create", "--user", "mia", "--description", "CI"];
    let key = place.run_with(&create, &settings, "").result().to_owned();
    let (mut one, mut two) = (place.serve(&settings), place.serve(&settings));
    for server in [&one, &two] {
        assert_eq!(account(server.address, &key).json()["attributes"]["username"], "mia");
        assert_eq!(ask(server.address, "GET", "/health/ready", "", "").status, 200);
    }
    place.run_with(&["api-key", "revoke", &key], &settings, "").result();
    for server in [&one, &two] {
        assert_eq!(account(server.address, &key).status, 401);
    }
    one.stop();
    two.stop();
}

#[test]
fn sec_12_guesses_are_counted_by_all_servers_together() {
    let (place, database) = (Place::new(), database());
    place.run(&["keyring", "new", "k"]).result();
    let url = database.url();
    let settings = [("ACCOUNT_DATABASE_URL", url.as_str()), ("ACCOUNT_KEYRING", "k")];
    let (mut one, mut two) = (place.serve(&settings), place.serve(&settings));
    let guess = |server: &crate::program::Server| {
        ask(server.address, "POST", "/auth/login", "", r#"{"user":"mia","password":"wrong password"}"#).status
    };
    let refused = (0..40).map(|n| guess(if n % 2 == 0 { &one } else { &two })).position(|s| s == 429);
    let allowed = refused.expect("guessing ends");
    assert_eq!([guess(&one), guess(&two)], [429, 429], "after {allowed} guesses on both together");
    one.stop();
    two.stop();
}

/// Each round on a database of its own: they race for it, and nobody knows who wins.
#[test]
fn two_servers_with_different_keyrings_on_an_empty_database_are_one_that_serves_and_one_that_says_why() {
    for _ in 0..5 {
        let (place, database) = (Place::new(), database());
        let url = database.url();
        let keyrings = ["one", "two"];
        for keyring in keyrings {
            place.run(&["keyring", "new", keyring]).result();
        }
        let settings = |keyring| [("ACCOUNT_DATABASE_URL", url.as_str()), ("ACCOUNT_KEYRING", keyring)];
        let mut started = std::thread::scope(|scope| {
            let starting = keyrings.map(|keyring| scope.spawn(|| place.serve_or_refuse(&settings(keyring))));
            starting.map(|thread| thread.join().unwrap())
        });
        assert_eq!(started.iter().filter(|one| one.is_ok()).count(), 1, "one of them serves");
        let winner = usize::from(started[1].is_ok());
        let line = started[1 - winner].as_ref().err().unwrap();
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.contains("keyring lacks") && line.contains("copy it from one that serves"), "{line}");
        started[winner].as_mut().ok().unwrap().stop();
        // Who was first stays; who was second is told so again, also while nobody serves.
        assert!(
            place
                .run_with(&["user", "list"], &settings(keyrings[1 - winner]), "")
                .refusal()
                .contains("keyring")
        );
        let mut again = place.serve(&settings(keyrings[winner]));
        assert_eq!(ask(again.address, "GET", "/health/ready", "", "").status, 200);
        again.stop();
    }
}

#[test]
fn a_database_that_is_down_is_one_line_without_its_password() {
    let place = Place::new();
    place.run(&["keyring", "new", "k"]).result();
    let url = "postgresql://mia:geheim@127.0.0.1:1/accounts?password=geheim";
    for command in [&["serve", "--listen", "127.0.0.1:0"][..], &["user", "list"]] {
        let ended = place.run_with(command, &[("ACCOUNT_DATABASE_URL", url), ("ACCOUNT_KEYRING", "k")], "");
        assert_eq!(ended.code, Some(1));
        let line = ended.refusal();
        assert!(line.contains("mia:***@127.0.0.1:1") && line.contains("cannot connect"), "{line}");
        assert!(!line.contains("geheim"), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
    }
}
