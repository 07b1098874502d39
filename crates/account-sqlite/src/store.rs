//! The store itself: readers, the writer, and the writes that belong to no single capability.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::id::{AccountId, Revision};
use account_core::store::{AccountStore, Change, Commit, Expired, Observation, StoreError, StoreResult};
use async_trait::async_trait;
use rusqlite::Connection;

use crate::connection::{open_checkpointer, open_writer};
use crate::failure::Failure;
use crate::file_identity::FileIdentity;
use crate::open::{OpenError, OpenOptions};
use crate::readers::{HeldRead, Readers};
use crate::writer::{OnStart, Writer};
use crate::{account, activity, commit, observation, purge, schema};

/// A batch of observations does not keep a commit waiting: it is written in parts of this size.
const OBSERVATIONS_TOGETHER: usize = 200;

statements! {
    CHECK_READING = "SELECT checks FROM readiness WHERE id = 1";
    CHECK_WRITING = "UPDATE readiness SET checks = checks + 1 WHERE id = 1";
}

/// Accounts in one SQLite file, and the budgets of the
/// [`Throttle`](account_core::ports::throttle::Throttle) beside them.
///
/// Several stores, also of several processes on one machine, may use a file at once. Dropping the
/// store finishes the writes that were handed in, waits for them, and closes the file.
pub struct SqliteStore {
    // Declared, and so closed, before the writer: the last connection tidies the log away.
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
}

impl SqliteStore {
    /// Opens the database at `path`, and makes it on first use, readable by its owner alone.
    ///
    /// # Errors
    /// [`OpenError`], among them a schema that is newer than this program.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        OpenOptions::new().open(path)
    }

    pub(crate) fn start(
        path: &Path,
        max_pages: Option<u32>,
        readers: usize,
        on_writer_start: OnStart,
    ) -> Result<Self, OpenError> {
        let file =
            FileIdentity::of(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let mut connection = open_writer(path, max_pages)?;
        schema::migrate(&mut connection)?;
        let held_read = Arc::new(HeldRead::open(path)?);
        let readers = Readers::open(file, readers, Arc::clone(&held_read))?;
        let writer = Writer::start(connection, open_checkpointer(path)?, held_read, on_writer_start)?;
        Ok(Self { readers, writer })
    }

    /// One write in a transaction, durable before it answers.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        self.writer.submit(work).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

#[async_trait]
impl AccountStore for SqliteStore {
    async fn register(&self, new: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        let (new, changes) = (new.clone(), changes.to_vec());
        self.write(move |connection| {
            let id = account::add(connection, &new)?;
            commit::apply(connection, id, new.uid, &changes)?;
            Ok(id)
        })
        .await
    }

    async fn commit(&self, commit: &Commit) -> StoreResult<Revision> {
        let commit = commit.clone();
        self.write(move |connection| commit::commit(connection, &commit)).await
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        let entries = entries.to_vec();
        self.write(move |connection| {
            entries.iter().try_for_each(|entry| activity::add_unless_there(connection, entry))
        })
        .await
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        let seen: Arc<[Observation]> = seen.into();
        for start in (0..seen.len()).step_by(OBSERVATIONS_TOGETHER) {
            let seen = Arc::clone(&seen);
            self.write(move |connection| {
                seen.iter()
                    .skip(start)
                    .take(OBSERVATIONS_TOGETHER)
                    .try_for_each(|item| observation::note(connection, item))
            })
            .await?;
        }
        Ok(())
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        let expired = *expired;
        self.write(move |connection| purge::purge(connection, &expired, limit)).await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.readers.check_file().map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        self.readers
            .ask(|connection| {
                Ok(connection
                    .prepare_cached(CHECK_READING)?
                    .query_row([], |row| row.get::<_, i64>(0))
                    .map(drop)?)
            })
            .await?;
        self.write(|connection| Ok(connection.prepare_cached(CHECK_WRITING)?.execute([]).map(drop)?)).await
    }
}
