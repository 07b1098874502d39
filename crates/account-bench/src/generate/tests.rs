//! What a generated database must be: one that could have grown, with accounts that can be used and
//! others that nobody can use.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountId, Digest};
use account_core::password::Password;
use account_core::session::Client;
use account_core::store::AccountStore;
use account_core::{Accounts, Error};
use account_postgres::scratch::ScratchDatabase;
use account_sqlite::SqliteStore;
use rusqlite::Connection;
use sqlx::{Connection as _, PgConnection};
use tempfile::TempDir;

use super::{Manifest, keyring, run, tidy};
use crate::command_line::{GenerateOptions, TidyOptions};

const ACCOUNTS: u64 = 50;
const USABLE: u64 = 4;

struct Generated {
    folder: TempDir,
    options: GenerateOptions,
}

impl Generated {
    async fn at(database: String, folder: TempDir) -> Self {
        let options = GenerateOptions {
            database,
            keyring: folder.path().join("keyring"),
            accounts: ACCOUNTS,
            usable: USABLE,
            manifest: folder.path().join("manifest.json"),
        };
        run(&options).await.unwrap();
        Self { folder, options }
    }

    async fn on_sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(format!("sqlite://{}", folder.path().join("account.db").display()), folder).await
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("account.db")
    }

    fn manifest(&self) -> Manifest {
        Manifest::read(&self.options.manifest).unwrap()
    }

    async fn accounts(&self, store: Arc<dyn AccountStore>) -> Accounts {
        Accounts::builder(store, keyring(&self.options.keyring).unwrap()).build().await.unwrap()
    }

    /// What must be so on either store.
    async fn examine(&self, store: Arc<dyn AccountStore>) {
        let accounts = self.accounts(Arc::clone(&store)).await;
        let all = store.accounts(None, 1000).await.unwrap();
        assert_eq!(all.len() as u64, ACCOUNTS);
        for account in &all {
            let state = store.state(account.id).await.unwrap().unwrap();
            assert_eq!(state.api_keys.len(), 1, "{account:?}");
            assert_eq!(store.api_key(&state.api_keys[0].identifier).await.unwrap().unwrap().1, *account);
        }
        let usable = self.manifest().usable;
        assert_eq!(usable.len() as u64, USABLE);
        for one in &usable {
            let who = accounts.authenticate_api_key(&one.token, None).await.unwrap();
            assert_eq!(who.account().username.as_str(), one.username);
            let typed = Password::new(one.password.clone());
            accounts.sign_in().with_password(&one.username, Some(&typed), &Client::default()).await.unwrap();
        }
        self.examine_filler(&*store, &accounts, &all.last().unwrap().id, &usable[0].password).await;
    }

    async fn examine_filler(
        &self,
        store: &dyn AccountStore,
        accounts: &Accounts,
        last: &AccountId,
        password: &str,
    ) {
        let all = store.accounts(None, 1000).await.unwrap();
        let filler = all.iter().find(|account| account.username.as_str().starts_with("filler")).unwrap();
        let typed = Password::new(password.to_owned());
        let refused = accounts
            .sign_in()
            .with_password(filler.username.as_str(), Some(&typed), &Client::default())
            .await;
        assert!(matches!(refused, Err(Error::SignInRefused)), "{refused:?}");
        let state = store.state(filler.id).await.unwrap().unwrap();
        assert_eq!(state.sessions.len(), 1);
        assert_ne!(state.sessions[0].token, Digest::from_bytes([0; 32]));
        assert!(last.0 as u64 >= ACCOUNTS, "numbers go on where they end");
    }
}

#[tokio::test]
async fn a_database_generated_on_sqlite_can_be_used_and_read_to_its_last_row() {
    let generated = Generated::on_sqlite().await;
    generated.examine(Arc::new(SqliteStore::open(generated.file()).unwrap())).await;
}

#[tokio::test]
async fn a_database_generated_on_postgres_can_be_used_and_read_to_its_last_row() {
    let scratch = ScratchDatabase::create().await.unwrap();
    let generated = Generated::at(scratch.url(), tempfile::tempdir().unwrap()).await;
    let store = scratch.store().await.unwrap();
    generated.examine(Arc::new(store)).await;
}

/// Every table and index with its definition.
fn schema(connection: &Connection) -> BTreeMap<String, Option<String>> {
    let mut statement = connection.prepare("SELECT name, sql FROM sqlite_schema").unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn the_generated_schema_is_the_one_that_a_new_database_has() {
    let generated = Generated::on_sqlite().await;
    let new = generated.folder.path().join("new.db");
    drop(SqliteStore::open(&new).unwrap());
    let of = |path: &PathBuf| schema(&Connection::open(path).unwrap());
    assert_eq!(of(&generated.file()), of(&new));
}

/// Numbers and names of the accounts, in the order of their keys' rows.
fn keys_in_order(connection: &Connection) -> Vec<(i64, String)> {
    let mut statement = connection
        .prepare(
            "SELECT account.id, username, identifier, number
             FROM api_key JOIN account ON account.id = api_key.account ORDER BY number",
        )
        .unwrap();
    let rows = statement.query_map([], |row| {
        let identifier = ApiKeyIdentifier::parse(&row.get::<_, String>(2)?).unwrap();
        assert_eq!(identifier.number(), row.get::<_, i64>(3)?, "a row is found by its number");
        Ok((row.get(0)?, row.get(1)?))
    });
    rows.unwrap().collect::<Result<_, _>>().unwrap()
}

#[tokio::test]
async fn usable_accounts_and_their_keys_lie_among_the_others_on_sqlite() {
    let generated = Generated::on_sqlite().await;
    let in_order = keys_in_order(&Connection::open(generated.file()).unwrap());
    assert!(in_order.iter().map(|(id, _)| *id).eq(1..=i64::try_from(ACCOUNTS).unwrap()));
    let usable = in_order.iter().filter(|(_, name)| name.starts_with("usable")).map(|(id, _)| *id);
    assert!(usable.eq([12, 24, 36, 48]));
}

#[tokio::test]
async fn usable_accounts_and_their_keys_lie_among_the_others_on_postgres() {
    let scratch = ScratchDatabase::create().await.unwrap();
    let _generated = Generated::at(scratch.url(), tempfile::tempdir().unwrap()).await;
    let mut connection = PgConnection::connect(&scratch.url()).await.unwrap();
    for question in [
        "SELECT id, username LIKE 'usable%' FROM account ORDER BY ctid",
        "SELECT account, description = 'load tests' FROM api_key ORDER BY ctid",
    ] {
        let rows: Vec<(i64, bool)> = sqlx::query_as(question).fetch_all(&mut connection).await.unwrap();
        assert!(rows.iter().map(|(id, _)| *id).eq(1..=i64::try_from(ACCOUNTS).unwrap()), "{question}");
        assert!(rows.iter().filter(|(_, usable)| *usable).map(|(id, _)| *id).eq([12, 24, 36, 48]));
    }
}

#[tokio::test]
async fn tidying_takes_away_what_was_added_and_nothing_else() {
    let generated = Generated::on_sqlite().await;
    let count = || {
        let connection = Connection::open(generated.file()).unwrap();
        ["SELECT count(*) FROM api_key", "SELECT count(*) FROM session", "SELECT count(*) FROM activity"]
            .map(|question| connection.query_row(question, [], |row| row.get::<_, i64>(0)).unwrap())
    };
    let before = count();
    generated.examine(Arc::new(SqliteStore::open(generated.file()).unwrap())).await;
    assert_ne!(count(), before);
    let (database, manifest) = (generated.options.database.clone(), generated.options.manifest.clone());
    tidy(&TidyOptions { database, manifest }).await.unwrap();
    assert_eq!(count(), before);
}

#[tokio::test]
async fn a_database_that_holds_accounts_is_left_alone() {
    let generated = Generated::on_sqlite().await;
    let refused = run(&generated.options).await.unwrap_err().to_string();
    assert!(refused.contains("holds accounts already"), "{refused}");
}
