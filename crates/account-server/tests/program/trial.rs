//! The `try` command: what a newcomer types first, and pastes after it.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::http::{account, ask};
use crate::program::{Place, Server};

fn after<'a>(text: &'a str, label: &str) -> &'a str {
    text.lines().find_map(|line| line.trim().strip_prefix(label)).expect(label).trim()
}

fn printed(server: &Server) -> String {
    let mut text = server.printed();
    for _ in 0..100 {
        if text.contains("/auth/logout") {
            break;
        }
        crate::program::pause(std::time::Duration::from_millis(20));
        text += &server.printed();
    }
    text
}

#[test]
fn it_prints_an_account_that_works_and_lines_that_answer_as_they_stand() {
    let place = Place::new();
    let mut server = place.start("try", &[]);
    let text = printed(&server);
    let key = after(&text, "API key");
    assert_eq!(account(server.address, key).json()["attributes"]["username"], "sample");
    let lines: Vec<_> = text.lines().filter(|line| line.starts_with("curl ")).collect();
    assert_eq!(lines.len(), 16);
    for line in lines {
        // The code is a placeholder until somebody has an authenticator.
        let expected = if line.contains("000000") { "HTTP/1.1 400" } else { "HTTP/1.1 20" };
        let output = Command::new("sh").args(["-c", line]).current_dir(place.path()).output().unwrap();
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(answer.starts_with(expected), "{line}\n{answer}");
    }
    for (name, secret) in [("api-key", key), ("password", after(&text, "password"))] {
        let path = place.path().join("account-try").join(name);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), secret);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    server.stop();
}

#[test]
fn a_second_try_begins_anew_and_one_that_runs_is_left_alone() {
    let place = Place::new();
    let mut first = place.start("try", &[]);
    let old = after(&printed(&first), "API key").to_owned();
    assert!(place.run(&["try", "--listen", "127.0.0.1:0"]).refusal().contains("in use"));
    assert_eq!(account(first.address, &old).status, 200);
    first.stop();
    let mut second = place.start("try", &[]);
    let new = after(&printed(&second), "API key").to_owned();
    assert_eq!(account(second.address, &old).status, 401);
    assert_eq!(account(second.address, &new).status, 200);
    assert_eq!(ask(second.address, "GET", "/api/client/account/activity", &new, "").status, 200);
    second.stop();
}

#[test]
fn a_folder_of_somebody_else_is_left_alone() {
    let place = Place::new();
    let folder = place.path().join("account-try");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("account.db"), "precious").unwrap();
    assert!(place.run(&["try", "--listen", "127.0.0.1:0"]).refusal().contains("left alone"));
    assert_eq!(std::fs::read_to_string(folder.join("account.db")).unwrap(), "precious");
}

#[test]
fn it_takes_no_database_of_somebody_else() {
    let place = Place::new();
    let ended = place.run(&["try", "--database", "sqlite://production.db"]);
    assert_eq!(ended.code, Some(2));
    assert!(ended.refusal().contains("of its own"));
}
