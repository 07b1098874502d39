//! A store on a database of its own, and short ways to fill it.

use account_core::account::Account;
use account_core::id::{AccountId, Revision};
use account_core::store::{AccountRepository as _, AccountStore as _, Change, Commit, StoreResult};
use account_postgres::PostgresStore;
use account_postgres::scratch::ScratchDatabase;
use account_testkit::sample;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

pub(crate) async fn database() -> ScratchDatabase {
    ScratchDatabase::create().await.unwrap()
}

pub(crate) async fn fresh() -> (ScratchDatabase, PostgresStore) {
    let database = database().await;
    let store = database.store().await.unwrap();
    (database, store)
}

/// Beside the store: for triggers that make faults, and a look at the rows.
pub(crate) async fn beside(database: &ScratchDatabase) -> PgConnection {
    PgConnection::connect(&database.url()).await.unwrap()
}

pub(crate) async fn run(connection: &mut PgConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await.unwrap();
}

pub(crate) async fn count(connection: &mut PgConnection, table: &str) -> i64 {
    let question = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(question).fetch_one(connection).await.unwrap()
}

pub(crate) async fn register(store: &PostgresStore, n: u64) -> Account {
    let id = store.register(&sample::new_account(n), &[]).await.unwrap();
    store.account(id).await.unwrap().unwrap()
}

pub(crate) fn commit_to(account: &Account, changes: Vec<Change>) -> Commit {
    Commit { account: account.id, uid: account.uid, expected: account.revision, changes }
}

/// Reads the revision, and commits on it.
pub(crate) async fn change(
    store: &PostgresStore,
    id: AccountId,
    changes: Vec<Change>,
) -> StoreResult<Revision> {
    let account = store.account(id).await?.unwrap();
    store.commit(&commit_to(&account, changes)).await
}
