//! The store passes the kit: as a store, as a throttle, and opened again, also after a crash.

use account_sqlite::SqliteStore;
use account_testkit::{Fresh, Home, Store};
use std::sync::{Arc, Mutex, MutexGuard};
use tempfile::TempDir;

fn opened() -> (SqliteStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("account.db")).unwrap();
    (store, folder)
}

fn fresh() -> Fresh {
    let (store, folder) = opened();
    Fresh::from(store).keeping(folder)
}

account_testkit::conformance! { fresh() }

fn fresh_throttle() -> Fresh<dyn account_testkit::Throttle> {
    let (store, folder) = opened();
    Fresh::from(store).keeping(folder)
}

account_testkit::throttle_conformance! { fresh_throttle() }

mod two_openings_of_one_file {
    use super::{Fresh, SqliteStore};

    fn fresh() -> Fresh {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.db");
        let first = SqliteStore::open(&path).unwrap();
        Fresh::from(first).opened_again(SqliteStore::open(&path).unwrap()).keeping(folder)
    }

    account_testkit::conformance! { fresh() }
}

/// The folder that holds the file; another one after a crash.
struct Folder(Mutex<TempDir>);

impl Folder {
    fn new() -> Self {
        Self(Mutex::new(tempfile::tempdir().unwrap()))
    }

    fn current(&self) -> MutexGuard<'_, TempDir> {
        self.0.lock().unwrap()
    }
}

#[async_trait::async_trait]
impl Home for Folder {
    async fn open(&self) -> Store {
        Arc::new(SqliteStore::open(self.current().path().join("account.db")).unwrap())
    }

    /// The files as they are in this moment, the write-ahead log among them, are what is opened next:
    /// nothing was closed, nothing moved from the log into the database. The shared memory beside
    /// them is lost, as it is with the machine.
    async fn crash(&self, store: Store) {
        let image = tempfile::tempdir().unwrap();
        for name in ["account.db", "account.db-wal"] {
            std::fs::copy(self.current().path().join(name), image.path().join(name)).unwrap();
        }
        drop(store);
        *self.current() = image;
    }
}

account_testkit::reopening_conformance! { Folder::new() }
