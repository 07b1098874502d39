//! What an error means to the core. The database's own errors keep their cause; what the store found
//! out by itself (`Stale`, `Taken`, `Corrupt`) passes through as it is.

use std::fmt;

use account_core::malformed::Malformed;
use account_core::store::{StoreError, UniqueKey};
use redb::{CommitError, DatabaseError, StorageError, TableError, TransactionError};

/// Why a transaction came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// The store's own word.
    Verdict(StoreError),
    /// The database's.
    Database(redb::Error),
}

pub(super) fn taken(key: UniqueKey) -> Failure {
    Failure::Verdict(StoreError::Taken(key))
}

macro_rules! from_the_database {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Database(error.into())
            }
        })*
    };
}

from_the_database!(CommitError, DatabaseError, StorageError, TableError, TransactionError);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Database(redb::Error::Io(error))
    }
}

/// A row that no version of this program wrote. Names the table, never the value: it may be a secret.
pub(super) fn corrupt(table: &'static str, cause: impl fmt::Display) -> Failure {
    Failure::Verdict(StoreError::Corrupt(format!("a row of {table}: {cause}").into()))
}

pub(super) fn malformed(table: &'static str) -> impl Fn(Malformed) -> Failure {
    move |cause| corrupt(table, cause)
}

impl From<Failure> for StoreError {
    /// Before a commit began, nothing has happened. `writer` alone knows of the other case.
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Verdict(verdict) => verdict,
            Failure::Database(redb::Error::Corrupted(words)) => Self::Corrupt(words.into()),
            Failure::Database(error) => Self::Unavailable(error.into()),
        }
    }
}
