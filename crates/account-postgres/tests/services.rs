//! The services over this store do what the kit's model says.

use std::sync::LazyLock;

use account_postgres::scratch::ScratchDatabase;
use account_testkit::{Adapter, Fresh, Test, services};
use tokio::runtime::Runtime;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

fn on_tokio(test: Test<'_>) {
    RUNTIME.block_on(test);
}

#[test]
fn services_and_model_agree_over_postgresql() {
    let postgres = Adapter::new(|| async {
        let database = ScratchDatabase::create().await.unwrap();
        let store = database.store().await.unwrap();
        Fresh::from(store).keeping(database)
    });
    if let Err(disagreement) = services::agree(&postgres.on(on_tokio), 20) {
        panic!("{disagreement}");
    }
}
