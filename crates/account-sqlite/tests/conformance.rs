//! The store passes the kit.

use account_sqlite::SqliteStore;
use account_testkit::Fresh;

fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path().join("account.db")).unwrap();
    Fresh::from(store).keeping(folder)
}

account_testkit::conformance! { fresh() }
