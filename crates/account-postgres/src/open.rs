//! Connecting to a database, and what can stand against it. No error and no `Debug` text shows the
//! URL, which may hold a password.

use std::time::Duration;

use account_core::store::BoxError;
use thiserror::Error;

/// Why a database cannot be used. Each is one line that an operator can act on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL is none that PostgreSQL's driver takes.
    #[error("the database URL is not of the form postgres://user@host/database")]
    Url,
    /// No connection came about.
    #[error("cannot connect to the database: {0}")]
    Connect(#[source] BoxError),
    /// A connection came about, and a question over it failed.
    #[error("cannot use the database: {0}")]
    Database(#[source] BoxError),
    /// Acknowledged writes could be lost (REL-01).
    #[error("the database has synchronous_commit=off: a crash would lose writes that were acknowledged")]
    AsynchronousCommit,
    /// A standby, or a primary that was told not to write.
    #[error("the database takes no writes: it is a standby, or read only")]
    ReadOnly,
    /// Text would not come back as it was given.
    #[error("the database has encoding {0}, and must have UTF8")]
    Encoding(String),
    /// The schema is from a newer program.
    #[error("the database has schema {found}, and this program knows {known}: run a newer program")]
    Newer {
        /// The database's schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A part of the schema was made by another file of that number.
    #[error("part {number} of the database's schema is not this program's")]
    Altered {
        /// The file's number.
        number: i64,
    },
    /// A table of ours has the name of one that is there.
    #[error("the database holds tables of another program: {0}")]
    Foreign(#[source] BoxError),
}

/// How a database is used. The defaults are right for a server of its own.
///
/// ```
/// use account_postgres::PostgresOptions;
/// let options = PostgresOptions::new().max_connections(32);
/// ```
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    pub(crate) max_connections: u32,
    pub(crate) statement_timeout: Duration,
    pub(crate) lock_timeout: Duration,
    pub(crate) acquire_timeout: Duration,
    pub(crate) asynchronous_commit: bool,
    pub(crate) transaction_pooling: Option<bool>,
}

impl PostgresOptions {
    /// The defaults: at most 16 connections, statements 5 s, locks 2 s, waiting for a connection 2 s
    /// (REL-05), commits synchronous.
    pub fn new() -> Self {
        Self {
            max_connections: 16,
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(2),
            acquire_timeout: Duration::from_secs(2),
            asynchronous_commit: false,
            transaction_pooling: None,
        }
    }

    /// The most connections of this store; at least one. Of four, one is left to questions, so that writes that wait
    /// keep nobody out.
    #[must_use]
    pub fn max_connections(mut self, most: u32) -> Self {
        self.max_connections = most.max(1);
        self
    }

    /// How long a statement may run; at least a millisecond.
    #[must_use]
    pub fn statement_timeout(mut self, most: Duration) -> Self {
        self.statement_timeout = most.max(Duration::from_millis(1));
        self
    }

    /// How long a write may wait for a lock; at least a millisecond.
    #[must_use]
    pub fn lock_timeout(mut self, most: Duration) -> Self {
        self.lock_timeout = most.max(Duration::from_millis(1));
        self
    }

    /// How long to wait for a connection.
    #[must_use]
    pub fn acquire_timeout(mut self, most: Duration) -> Self {
        self.acquire_timeout = most;
        self
    }

    /// Takes a database with `synchronous_commit=off`, where a crash may lose the last acknowledged
    /// writes. Refused by default (REL-01).
    #[must_use]
    pub fn allow_asynchronous_commit(mut self, allow: bool) -> Self {
        self.asynchronous_commit = allow;
        self
    }

    /// Whether the URL leads to a proxy that gives each transaction another connection. By default
    /// this is found out: such a proxy refuses, or drops, what a session sets when it starts. Then
    /// each question takes more round trips, since nothing may outlive a transaction.
    #[must_use]
    pub fn transaction_pooling(mut self, pooling: bool) -> Self {
        self.transaction_pooling = Some(pooling);
        self
    }
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self::new()
    }
}
