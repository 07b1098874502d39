//! `kill -9` of a process that writes: every acknowledged commit is there, the others are whole or
//! absent, and the file is sound (REL-01).

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fixture::{activity, new_account, session, uid, wait};
use account_core::id::{AccountId, AccountUid};
use account_core::store::{AccountRepository as _, AccountStore as _, Change};
use account_sqlite::SqliteStore;

/// Set for the process that is to be killed.
const FILE: &str = "ACCOUNT_TEST_KILLED_FILE";
const WRITERS: u64 = 8;

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

/// Kills the process once for each number of acknowledgements, and looks at what it left. Answers how often a
/// part of the log was in the database by then.
fn survives(after: impl Iterator<Item = u64>) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    drop(SqliteStore::open(&path).unwrap());
    let mut brought_in = 0;
    for after in after {
        let before = path.metadata().unwrap().len();
        let acknowledged = write_and_kill(&path, after);
        brought_in += usize::from(path.metadata().unwrap().len() > before);
        let store = SqliteStore::open(&path).unwrap();
        let accounts: HashMap<AccountUid, AccountId> = wait(store.accounts(None, u32::MAX))
            .unwrap()
            .into_iter()
            .map(|account| (account.uid, account.id))
            .collect();
        for n in acknowledged {
            assert!(accounts.contains_key(&uid(n)), "account {n} is lost, after {after}");
        }
        for id in accounts.values() {
            assert_eq!(wait(store.state(*id)).unwrap().unwrap().sessions.len(), 1);
        }
        drop(store);
        let connection = rusqlite::Connection::open(&path).unwrap();
        let text = |sql| connection.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(text("PRAGMA integrity_check"), "ok");
        let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(number("SELECT count(*) FROM activity"), number("SELECT count(*) FROM account"));
    }
    brought_in
}

#[test]
fn rel_01_what_was_acknowledged_survives_kill_9_and_the_rest_is_all_or_nothing() {
    survives((0..12).map(|round| 1 + round * 17));
}

#[test]
fn rel_01_so_it_does_while_the_log_is_brought_into_the_database() {
    let brought_in = survives((0..8).map(|round| 500 + round * 70));
    assert!(brought_in > 0, "no log was long enough");
}
