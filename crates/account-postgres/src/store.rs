//! The store itself: its connections, and the writes that belong to no single capability.

use std::fmt;
use std::sync::Arc;

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::id::{AccountId, Revision};
use account_core::store::{AccountStore, Change, Commit, Expired, Observation, StoreResult};
use async_trait::async_trait;
use sqlx::postgres::PgRow;

use crate::commit::{Committing, Registering};
use crate::connections::{Connections, Dialler};
use crate::failure::Failure;
use crate::look_ups::LookUps;
use crate::open::{OpenError, PostgresOptions};
use crate::statement::Draft;
use crate::transaction::{Alone, Work, ask, perform};
use crate::{activity, api_key, cells, observation, purge, schema, session};

/// A batch of observations does not keep a commit waiting: it is written in parts of this size.
const OBSERVATIONS_TOGETHER: usize = 200;

statements! {
    CHECK_READING_AND_WRITING = "UPDATE readiness SET checks = checks + 1 WHERE id = 1 RETURNING checks";
}

/// Accounts in a PostgreSQL database, and the budgets of the
/// [`Throttle`](account_core::ports::throttle::Throttle) beside them. Cheap to clone.
///
/// Any number of stores, of any number of nodes, may use a database at once. Everything here must run
/// inside a Tokio runtime with time and I/O enabled, and the one that the store was connected on must go on
/// as long as the store is used: it asks for those who wait for each other.
#[derive(Clone)]
pub struct PostgresStore {
    connections: Arc<Connections>,
    pub(crate) api_keys: Arc<LookUps<String>>,
    pub(crate) sessions: Arc<LookUps<Vec<u8>>>,
}

impl PostgresStore {
    /// Connects, and brings the database's schema to this program's. Any number of nodes may do so at
    /// once, on an empty database too.
    ///
    /// ```no_run
    /// use account_postgres::{PostgresOptions, PostgresStore};
    ///
    /// # async fn connect() -> Result<(), account_postgres::OpenError> {
    /// let store = PostgresStore::connect("postgres://account@localhost/account", PostgresOptions::new()).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`OpenError`], among them a schema that is newer than this program, and a database that may
    /// lose what it acknowledged.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let (dialler, mut first) = Dialler::find(url, &options).await?;
        schema::migrate(&mut first).await?;
        let connections = Connections::new(dialler, first, &options);
        Ok(Self {
            api_keys: LookUps::new(&connections, api_key::WITH_ACCOUNT),
            sessions: LookUps::new(&connections, session::WITH_ACCOUNT),
            connections,
        })
    }

    /// The rows of one question.
    pub(crate) async fn ask(&self, question: Draft) -> Result<Vec<PgRow>, Failure> {
        ask(&self.connections, question).await
    }

    /// One statement, durable before it answers.
    pub(crate) async fn write(&self, statement: Draft) -> StoreResult<Vec<PgRow>> {
        self.perform(Alone::new(statement)?).await
    }

    /// One statement that answers with how many rows it changed.
    pub(crate) async fn count(&self, statement: Draft) -> StoreResult<u64> {
        let rows = self.write(statement).await?;
        let count = rows.first().map(|row| cells::lone_number(row, "count")).transpose()?;
        Ok(count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default())
    }

    /// One transaction, durable before it answers.
    pub(crate) async fn perform<W: Work>(&self, work: W) -> StoreResult<W::Answer> {
        perform(&self.connections, work).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").field("through", self.connections.dialler()).finish_non_exhaustive()
    }
}

#[async_trait]
impl AccountStore for PostgresStore {
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        self.perform(Registering::new(account, changes)?).await
    }

    async fn commit(&self, commit: &Commit) -> StoreResult<Revision> {
        self.perform(Committing::new(commit)?).await
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        self.write(activity::add_unless_there(entries)).await.map(drop)
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        for part in seen.chunks(OBSERVATIONS_TOGETHER) {
            for statement in observation::statements(part) {
                self.write(statement).await?;
            }
        }
        Ok(())
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        purge::purge(self, expired, limit).await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.write(Draft::of(CHECK_READING_AND_WRITING)).await.map(drop)
    }
}
