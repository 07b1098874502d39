//! SQLite storage for `account-core`: embedded, durable, one file.
//!
//! [`SqliteStore`] keeps the contract of [`account_core::store`]: one thread writes and syncs once
//! for all commits that wait, and another brings the log into the database beside it; reads run at
//! once on connections of their own, or, while their pages must come from the disk, on threads that
//! may wait. It decides nothing, and brings no async runtime: its futures work on any.
//!
//! ```
//! use account_core::store::AccountRepository as _;
//! use account_sqlite::SqliteStore;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("account.db");
//! let store = SqliteStore::open(&path)?; // made on first use, readable by its owner alone
//! # futures_util::FutureExt::now_or_never(async move {
//! assert!(store.accounts(None, 10).await?.is_empty());
//! # Ok::<(), account_core::store::StoreError>(())
//! # }).unwrap()?;
//! # Ok(())
//! # }
//! ```
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

#[macro_use]
mod statements;

mod account;
mod account_state;
mod activity;
mod api_key;
mod cells;
mod commit;
mod connection;
mod failure;
mod file_identity;
mod keyring;
mod mail;
mod mail_token;
mod observation;
mod open;
mod pending_sign_in;
mod purge;
mod readers;
mod recovery_code;
mod schema;
mod session;
mod ssh_key;
mod store;
mod throttle;
mod two_factor;
mod writer;

#[cfg(test)]
mod plans;

pub use open::{OpenError, OpenOptions};
pub use store::SqliteStore;
