//! Account logic that teams embed in their own servers: e-mail and password changes, two-factor
//! authentication, API keys, SSH keys, sessions and the audit trail, without any I/O of its own.
//!
//! 1. **The core decides, a store remembers.** Every rule is here; a [store] answers questions and commits.
//! 2. **A decision is a value.** An operation reads a snapshot, decides in plain synchronous code, and
//!    yields a list of [changes](store::Change).
//! 3. **One commit.** All changes of one decision and its audit record are applied at once, and only if the
//!    account's revision is still the one that was read, by a caller whose credential still stands.
//! 4. **Nothing unparsed passes the edge.** Services take [`Email`](email::Email),
//!    [`AllowedIps`](api_key::AllowedIps), [`SshPublicKey`](ssh_key::SshPublicKey), and never `&str` for an idea.
//! 5. **The outside is a handful of [ports]:** store, clock, entropy, password hasher, keyring, throttle, mailer.
//! 6. **A store is right if, and only if, the test kit passes**, its races and crashes among them.
//! 7. **Edges are thin.** What a second edge would need too is here.
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

pub mod account;
mod accounts;
pub mod activity;
pub mod admin;
pub mod api_key;
pub mod email;
mod error;
pub mod field;
pub mod id;
pub mod mail;
pub mod malformed;
pub mod password;
pub mod policy;
pub mod ports;
pub mod principal;
pub mod profile;
pub mod session;
pub mod sign_in;
pub mod ssh_key;
pub mod store;
mod text;
pub mod time;
pub mod two_factor;

pub use accounts::{Accounts, AccountsBuilder, Resealed, StartError, Swept};
pub use error::{Error, Limit};
pub use principal::{Credential, Principal};
