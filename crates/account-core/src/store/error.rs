//! What can go wrong in a store, by what the core does about it.

use std::fmt;

use thiserror::Error;

/// The cause, as the driver tells it; for the log, never for a client.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a store's methods answer.
pub type StoreResult<T> = Result<T, StoreError>;

/// What must be unique in a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UniqueKey {
    /// The canonical e-mail address, across accounts.
    Email,
    /// The username, across accounts.
    Username,
    /// The API key's identifier, across accounts.
    ApiKeyIdentifier,
    /// The SSH key's fingerprint, within an account.
    SshKey,
    /// A digest or a random name that two rows would share; by chance, this does not happen.
    Secret,
}

impl fmt::Display for UniqueKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Email => "e-mail address",
            Self::Username => "username",
            Self::ApiKeyIdentifier => "API key identifier",
            Self::SshKey => "SSH key",
            Self::Secret => "random name",
        })
    }
}

/// Why a store did not do what was asked. In every case but [`OutcomeUnknown`](Self::OutcomeUnknown)
/// nothing was changed.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The account is gone, or not at the expected revision: read again and decide again.
    #[error("the account changed meanwhile")]
    Stale,
    /// Another row has this value.
    #[error("the {0} is taken")]
    Taken(UniqueKey),
    /// Not now: no connection, no space, a timeout. It did not happen; trying later may help.
    #[error("the store is unavailable")]
    Unavailable(#[source] BoxError),
    /// The connection was lost at the commit: it may have happened. Never repeated blindly.
    #[error("the outcome of a commit is unknown")]
    OutcomeUnknown(#[source] BoxError),
    /// A row that no version of this program wrote.
    #[error("a stored row is corrupt")]
    Corrupt(#[source] BoxError),
}
