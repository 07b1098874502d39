//! A whole adapter over [redb](https://docs.rs/redb), an embedded key-value store, as an example for
//! whoever writes one for another database. `docs/writing-an-adapter.md` walks through it.
//!
//! Read it in this order: `failure` (what an error means), `writer` (one transaction a call),
//! `account` and `hanging` (rows and their indexes), `commit` (the guard, and what each change does),
//! then the rest, a file a table. It stays simple where a product would not: one write, one sync; a
//! sweep looks at whole tables; the file has the permissions that the process gives it.

mod account;
mod activity;
mod api_key;
mod commit;
mod failure;
mod hanging;
mod keyring;
mod mail;
mod mail_token;
mod numbers;
mod pending_sign_in;
mod recovery_code;
mod session;
mod ssh_key;
mod throttle;
mod upkeep;
mod writer;

use std::path::Path;
use std::sync::Arc;

use account_core::store::{StoreError, StoreResult};
use redb::{Builder, Database, ReadTransaction, ReadableDatabase as _, StorageBackend, WriteTransaction};

use failure::Failure;
use writer::Writer;

/// What this version writes. A file of a newer one is refused: it may mean other things by its rows.
const FORMAT: u64 = 1;

/// Accounts in one redb file, and the budgets of the throttle beside them. One process at a time has
/// it open; dropping the store waits for the writes that were handed in, and closes the file.
#[derive(Debug)]
pub(crate) struct RedbStore {
    // Declared, and so dropped, before the database that it writes to.
    writer: Writer,
    database: Arc<Database>,
}

impl RedbStore {
    /// Opens the file, or makes it.
    pub(crate) fn open(path: &Path) -> StoreResult<Self> {
        Ok(Self::over(Builder::new().create(path).map_err(Failure::from)?)?)
    }

    /// Opens what is kept elsewhere than in a file.
    pub(crate) fn open_on(disk: impl StorageBackend) -> StoreResult<Self> {
        Ok(Self::over(Builder::new().create_with_backend(disk).map_err(Failure::from)?)?)
    }

    fn over(database: Database) -> Result<Self, Failure> {
        let setting_up = database.begin_write()?;
        set_up(&setting_up)?;
        setting_up.commit()?;
        let database = Arc::new(database);
        Ok(Self { writer: Writer::of(Arc::clone(&database))?, database })
    }

    /// Answers a question from one snapshot: of what was committed before, and of nothing else.
    ///
    /// It runs on the caller's thread: a snapshot waits for no writer, and a page in memory is there
    /// sooner than another thread. Where most pages are on the disk, hand the question to a thread
    /// that may wait, as the SQLite adapter does.
    fn ask<T>(&self, question: impl FnOnce(&ReadTransaction) -> Result<T, Failure>) -> StoreResult<T> {
        Ok(self.database.begin_read().map_err(Failure::from).and_then(|snapshot| question(&snapshot))?)
    }

    /// Changes something, all or nothing; on the writer's thread, since it waits for the disk.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        self.writer.run(work).await
    }
}

/// Makes every table, so that a question to an empty store finds it, and looks at the format.
fn set_up(transaction: &WriteTransaction) -> Result<(), Failure> {
    account::make_tables(transaction)?;
    hanging::make_tables::<account_core::api_key::StoredApiKey>(transaction)?;
    hanging::make_tables::<account_core::ssh_key::SshKey>(transaction)?;
    hanging::make_tables::<account_core::session::StoredSession>(transaction)?;
    hanging::make_tables::<account_core::sign_in::PendingSignIn>(transaction)?;
    hanging::make_tables::<account_core::mail::MailToken>(transaction)?;
    recovery_code::make_table(transaction)?;
    mail::make_tables(transaction)?;
    activity::make_tables(transaction)?;
    keyring::make_table(transaction)?;
    throttle::make_tables(transaction)?;
    match numbers::format(transaction, FORMAT)? {
        FORMAT => Ok(()),
        other => {
            let words = format!("the file has format {other}, this program writes format {FORMAT}");
            Err(Failure::Verdict(StoreError::Unavailable(words.into())))
        }
    }
}
