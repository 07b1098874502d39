//! `kill -9` of a process that writes: every acknowledged commit is there, the others are whole or
//! absent, and the file is sound (REL-01).

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fixture::{activity, new_account, session, uid, wait};
use account_core::store::{AccountRepository as _, AccountStore as _, Change};
use account_sqlite::SqliteStore;

/// Set for the process that is to be killed.
const FILE: &str = "ACCOUNT_TEST_KILLED_FILE";
const WRITERS: u64 = 8;
const ROUNDS: u64 = 12;

/// The body of the process that is killed; without the variable, a test of nothing.
#[test]
fn writes_until_killed() {
    let Some(path) = std::env::var_os(FILE) else { return };
    let store = SqliteStore::open(path).unwrap();
    let first = u64::try_from(wait(store.accounts(None, u32::MAX)).unwrap().len()).unwrap() + 1_000;
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let store = &store;
            scope.spawn(move || {
                for n in (first..).map(|n| n * WRITERS + writer) {
                    let changes =
                        [Change::OpenSession(session(n)), Change::Record(activity(n, uid(n), 2_000))];
                    if wait(store.register(&new_account(n), &changes)).is_ok() {
                        writeln!(std::io::stdout(), "done {n}").unwrap();
                    }
                }
            });
        }
    });
}

/// Starts the writing process, kills it after some acknowledgements, and answers all it gave.
fn write_and_kill(path: &Path, after: u64) -> Vec<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed::writes_until_killed", "--nocapture"])
        .env(FILE, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = Vec::new();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for line in lines {
        let line = line.unwrap();
        if let Some(n) = line.split("done ").nth(1) {
            acknowledged.push(n.parse().unwrap());
        }
        if u64::try_from(acknowledged.len()).unwrap() == after {
            child.kill().unwrap();
        }
    }
    child.wait().unwrap();
    acknowledged
}

#[test]
fn rel_01_what_was_acknowledged_survives_kill_9_and_the_rest_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    drop(SqliteStore::open(&path).unwrap());
    for round in 0..ROUNDS {
        let acknowledged = write_and_kill(&path, 1 + round * 17);
        let store = SqliteStore::open(&path).unwrap();
        let accounts = wait(store.accounts(None, u32::MAX)).unwrap();
        for n in acknowledged {
            assert!(
                accounts.iter().any(|account| account.uid == uid(n)),
                "account {n} of round {round} is lost"
            );
        }
        for account in accounts {
            assert_eq!(wait(store.state(account.id)).unwrap().unwrap().sessions.len(), 1);
        }
        drop(store);
        let connection = rusqlite::Connection::open(&path).unwrap();
        let text = |sql| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(text("PRAGMA integrity_check"), "ok");
        let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT count(*) FROM activity"), number("SELECT count(*) FROM account"));
    }
}
