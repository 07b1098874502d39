//! The services over this store do what the kit's model says.

use account_sqlite::SqliteStore;
use account_testkit::{Adapter, Fresh, services};

#[test]
fn services_and_model_agree_over_sqlite() {
    let sqlite = Adapter::new(|| async {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path().join("account.db")).unwrap();
        Fresh::from(store).keeping(folder)
    });
    if let Err(disagreement) = services::agree(&sqlite, 20) {
        panic!("{disagreement}");
    }
}
