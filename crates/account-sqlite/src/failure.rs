//! What can go wrong inside, sorted by what the contract calls it: a verdict about one job, or the
//! database failing them all.

use std::fmt;

use account_core::malformed::Malformed;
use account_core::store::{StoreError, UniqueKey};
use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};

/// Why a piece of work did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work ran, and this is its answer: nothing is wrong with the database.
    Verdict(StoreError),
    /// The database could not do it.
    Database(rusqlite::Error),
}

impl Failure {
    /// The contract's error for work that is over.
    pub(crate) fn into_store_error(self) -> StoreError {
        match self {
            Self::Verdict(error) => error,
            Self::Database(error) => StoreError::Unavailable(Box::new(error)),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Verdict(error)
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        if let Some(key) = broken_uniqueness(&error) {
            return Self::Verdict(StoreError::Taken(key));
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Verdict(StoreError::Corrupt(Box::new(error)))
            }
            // The statement was refused, and the transaction around it stands.
            Some(ErrorCode::ConstraintViolation) => Self::Verdict(StoreError::Unavailable(Box::new(error))),
            _ => Self::Database(error),
        }
    }
}

/// SQLite names the columns in its message, and nothing of their values.
fn broken_uniqueness(error: &rusqlite::Error) -> Option<UniqueKey> {
    let rusqlite::Error::SqliteFailure(cause, Some(message)) = error else { return None };
    if !matches!(cause.extended_code, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) {
        return None;
    }
    let columns = message.strip_prefix("UNIQUE constraint failed: ")?;
    Some(match columns {
        "account.email_canonical" => UniqueKey::Email,
        "account.username" => UniqueKey::Username,
        "api_key.identifier" => UniqueKey::ApiKeyIdentifier,
        "ssh_key.account, ssh_key.fingerprint" => UniqueKey::SshKey,
        _ => UniqueKey::Secret,
    })
}

/// A cell that no version of this program wrote: where it is, never what it holds.
#[derive(Debug)]
pub(crate) struct CorruptCell {
    pub(crate) table: &'static str,
    pub(crate) column: String,
    pub(crate) cause: Malformed,
}

impl fmt::Display for CorruptCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}.{}", self.cause, self.table, self.column)
    }
}

impl std::error::Error for CorruptCell {}

impl From<CorruptCell> for Failure {
    fn from(cell: CorruptCell) -> Self {
        Self::Verdict(StoreError::Corrupt(Box::new(cell)))
    }
}

/// Whether the work failed since the disk or another process would not let it: not the work's fault.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

/// Whether bytes may have reached the disk although SQLite says that the commit failed.
pub(crate) fn leaves_the_outcome_open(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::SystemIoFailure))
}
