//! The worked example passes the kit, as any store must: as a store, as a throttle, and opened again,
//! also after a crash.

#[path = "../examples/redb_adapter/redb_store/mod.rs"]
mod redb_store;

mod redb_disk;

use std::sync::Arc;

use account_testkit::{Fresh, Home, Store};
use redb_disk::Disk;
use redb_store::RedbStore;
use tempfile::TempDir;

fn opened() -> (RedbStore, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let store = RedbStore::open(&folder.path().join("accounts.redb")).unwrap();
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

/// A disk that is pulled out: what was not synced is lost.
#[async_trait::async_trait]
impl Home for Disk {
    async fn open(&self) -> Store {
        Arc::new(RedbStore::open_on(self.plugged_in()).unwrap())
    }

    async fn crash(&self, store: Store) {
        self.pull_out();
        drop(store);
    }
}

account_testkit::reopening_conformance! { Disk::default() }
