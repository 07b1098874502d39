//! Opening: what is made, what is refused, and what several do at once.

use std::path::Path;
use std::sync::{Arc, Barrier, Mutex};

use crate::fixture::{registered, wait};
use account_core::store::{AccountRepository as _, AccountStore as _};
use account_sqlite::{OpenError, OpenOptions, SqliteStore};
use rusqlite::Connection;

fn with_sql(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[cfg(unix)]
#[test]
fn the_file_is_made_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("account.db")).unwrap();
    registered(&store, 1);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3, "database, log, and the log's index: {files:?}");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
}

#[test]
fn what_was_written_is_there_after_closing_and_the_log_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let id = registered(&store, 1);
    drop(store);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    let store = SqliteStore::open(&path).unwrap();
    let account = wait(store.account(id)).unwrap().unwrap();
    assert_eq!(account.email.as_str(), "User1@Example.com");
    wait(store.ready()).unwrap();
}

#[test]
fn rel_09_a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    drop(SqliteStore::open(&path).unwrap());
    with_sql(&path, "INSERT INTO schema_migration VALUES (99, 'tomorrow', x'00')");
    let before = std::fs::read(&path).unwrap();
    let refused = SqliteStore::open(&path).unwrap_err();
    assert!(matches!(refused, OpenError::Newer { found: 99, known: 2 }), "{refused:?}");
    assert!(refused.to_string().contains("run a newer program"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_schema_that_was_made_by_another_file_of_that_number_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    drop(SqliteStore::open(&path).unwrap());
    with_sql(&path, "UPDATE schema_migration SET digest = x'00'");
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Altered { number: 1 })));
}

#[test]
fn a_database_of_another_program_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("theirs.db");
    with_sql(&path, "CREATE TABLE theirs (a)");
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Foreign)));
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(
        &path,
        "no database at all, but some text that is long enough to be taken for one".repeat(20),
    )
    .unwrap();
    assert!(matches!(SqliteStore::open(&path), Err(OpenError::Database(_))));
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let refused = SqliteStore::open(folder.path().join("nowhere/account.db")).unwrap_err();
    assert!(refused.to_string().contains("nowhere/account.db"), "{refused}");
}

#[test]
fn a_path_is_a_path_whatever_it_looks_like() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file:account.db?mode=memory");
    drop(SqliteStore::open(&path).unwrap());
    assert!(std::fs::metadata(&path).unwrap().len() > 0);
}

#[test]
fn rel_09_eight_stores_that_open_a_new_file_at_once_all_succeed() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.db");
        let start = Barrier::new(8);
        std::thread::scope(|scope| {
            for n in 0..8 {
                let (path, start) = (&path, &start);
                scope.spawn(move || {
                    start.wait();
                    let store = OpenOptions::new().readers(1).open(path).unwrap();
                    registered(&store, n);
                });
            }
        });
        let store = SqliteStore::open(&path).unwrap();
        assert_eq!(wait(store.accounts(None, 100)).unwrap().len(), 8);
    }
}

#[test]
fn the_writer_starts_with_the_hook_and_survives_its_panic() {
    let folder = tempfile::tempdir().unwrap();
    let names = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&names);
    let hook = move || {
        seen.lock().unwrap().push(std::thread::current().name().map(str::to_owned));
        std::panic::resume_unwind(Box::new("no right to lower the priority"));
    };
    let store = OpenOptions::new().on_writer_start(hook).open(folder.path().join("account.db")).unwrap();
    registered(&store, 1);
    drop(store);
    assert_eq!(*names.lock().unwrap(), [Some("account-sqlite".to_owned())]);
}
