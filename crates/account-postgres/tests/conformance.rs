//! The store passes the kit: over two nodes on one database, as a throttle, and opened again, also
//! after its connections were cut off. Each test has a database of its own.

use std::sync::{Arc, LazyLock};

use account_postgres::scratch::ScratchDatabase;
use account_testkit::{Fresh, Home, Store, Test, Throttle};
use sqlx::{Connection as _, PgConnection};
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

async fn fresh_throttle() -> Fresh<dyn Throttle> {
    let database = ScratchDatabase::create().await.unwrap();
    let (one, two) = (database.store().await.unwrap(), database.store().await.unwrap());
    Fresh::from(one).opened_again(two).keeping(database)
}

account_testkit::throttle_conformance! { runtime: on_tokio; fresh_throttle().await }

struct Database(ScratchDatabase);

fn database() -> Database {
    Database(RUNTIME.block_on(ScratchDatabase::create()).unwrap())
}

#[async_trait::async_trait]
impl Home for Database {
    async fn open(&self) -> Store {
        Arc::new(self.0.store().await.unwrap())
    }

    /// The server ends all that serves the store, as it does when a node is gone; what the node knew
    /// is lost. A crash of the server itself would be that of all tests' databases: it has a proof
    /// of its own, which kills a server under load.
    async fn crash(&self, store: Store) {
        const CUT_OFF: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                               WHERE datname = current_database() AND pid <> pg_backend_pid()";
        let mut beside = PgConnection::connect(&self.0.url()).await.unwrap();
        let cut: i64 = sqlx::query_scalar(CUT_OFF).fetch_one(&mut beside).await.unwrap();
        assert!(cut > 0, "the store had no connection");
        drop(store);
    }
}

account_testkit::reopening_conformance! { runtime: on_tokio; database() }
