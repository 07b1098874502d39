//! The store passes the kit: over two nodes on one database, each test on a database of its own.

use std::sync::LazyLock;

use account_postgres::scratch::ScratchDatabase;
use account_testkit::{Fresh, Test};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn on_tokio(test: Test<'_>) {
    RUNTIME.block_on(test);
}

async fn fresh() -> Fresh {
    let database = ScratchDatabase::create().await.unwrap();
    let (one, two) = (database.store().await.unwrap(), database.store().await.unwrap());
    Fresh::from(one).opened_again(two).keeping(database)
}

account_testkit::conformance! { runtime: on_tokio; fresh().await }
