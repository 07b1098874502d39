//! The store passes the kit: as a store, as a throttle, and opened again.

use account_sqlite::SqliteStore;
use account_testkit::{Fresh, Home, Store};
use std::sync::Arc;
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

struct Folder(TempDir);

#[async_trait::async_trait]
impl Home for Folder {
    async fn open(&self) -> Store {
        Arc::new(SqliteStore::open(self.0.path().join("account.db")).unwrap())
    }
}

account_testkit::reopening_conformance! { Folder(tempfile::tempdir().unwrap()) }
