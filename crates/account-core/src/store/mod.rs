//! The contract of a store.
//!
//! A store answers questions and commits; it decides nothing. Whoever writes an adapter writes one
//! recipe, and proves it with the test kit.
//!
//! # Reads
//! Small traits by capability; each method is one question. "Not found" is `None`, never an error.
//! Every read sees what was committed before it began. A row that cannot be turned back into its
//! type is [`StoreError::Corrupt`], and fails that read alone.
//!
//! # Commits
//! [`AccountStore::commit`] is the whole of atomicity. Lock the account's row; compare uid and
//! revision ([`StoreError::Stale`] if either differs or the row is gone); apply the changes in
//! order; raise the revision by one; make it durable; only then answer. Nothing of a commit that
//! failed is ever seen. Changes are unconditional row writes, since the revision already guards
//! them, and no change implies another. What must be unique across accounts (canonical e-mail,
//! username, key identifier, token digests) is a constraint in the database, reported as
//! [`StoreError::Taken`].
//!
//! # What a store never does
//! It reads no clock and no random source, compares no secret, applies no limit, and makes nothing
//! but the account's number, which it never gives twice.

mod change;
mod error;
mod expired;
mod observation;
mod repositories;
#[cfg(test)]
pub(crate) mod sample;
mod state;

pub use change::{Change, Commit};
pub use error::{BoxError, StoreError, StoreResult, UniqueKey};
pub use expired::Expired;
pub use observation::Observation;
pub use repositories::{
    AccountRepository, AccountStore, ActivityRepository, ApiKeyRepository, KeyringRepository, MailRepository,
    SessionRepository, SignInRepository, SshKeyRepository,
};
pub use state::AccountState;
