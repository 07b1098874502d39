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
//!
//! ```
//! use std::sync::Arc;
//!
//! use account_core::admin::{InitialPassword, NewUser};
//! use account_core::api_key::{AllowedIps, Description, NewApiKey};
//! use account_core::email::Email;
//! use account_core::password::{NewPassword, Password, PasswordPolicy};
//! use account_core::policy::Operation;
//! use account_core::ports::{entropy::OsEntropy, keyring::Keyring};
//! use account_core::profile::{Language, Username};
//! use account_core::{Accounts, Error};
//! # use account_testkit::{InlineHasher, MemoryStore, block_on};
//!
//! # block_on(async {
//! // A store of your choice: `account-sqlite`, `account-postgres`, your own; here one in memory.
//! let keyring = Keyring::parse(&Keyring::generate(&OsEntropy).unwrap()).unwrap();
//! let accounts = Accounts::builder(Arc::new(MemoryStore::new()), keyring);
//! # let accounts = accounts.hasher(Arc::new(InlineHasher::default()));
//! let accounts = accounts.build().await.unwrap();
//!
//! let john = NewUser {
//!     username: Username::parse("john").unwrap(),
//!     email: Email::parse("john@example.com").unwrap(),
//!     first_name: None,
//!     last_name: None,
//!     language: Language::default(),
//!     admin: false,
//!     email_verified: false,
//!     password: InitialPassword::Chosen(
//!         NewPassword::parse("correct horse", &PasswordPolicy::default(), &["john"]).unwrap(),
//!     ),
//! };
//! let john = accounts.admin().register(john).await?;
//!
//! // A key that works from one network alone.
//! let wanted = NewApiKey {
//!     description: Description::parse("deployment").unwrap(),
//!     allowed_ips: AllowedIps::parse(&["10.0.0.0/8"]).unwrap(),
//!     expires_at: None,
//! };
//! let key = accounts.admin().create_api_key(john.id, &wanted).await?;
//! let token = key.token.joined();
//! let elsewhere = accounts.authenticate_api_key(&token, Some("192.0.2.1".parse().unwrap())).await;
//! assert!(matches!(elsewhere, Err(Error::AddressNotAllowed(_))));
//! let who = accounts.authenticate_api_key(&token, Some("10.1.2.3".parse().unwrap())).await?;
//!
//! // What changes the account needs the current password, proven first.
//! let typed = Password::new("correct horse".to_owned());
//! let proof = accounts.passwords().prove(&who, Operation::ChangeEmail, Some(&typed)).await?;
//! accounts.emails().change(&who, &proof, &Email::parse("new@example.com").unwrap()).await?;
//! # Ok::<(), Error>(())
//! # }).unwrap();
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

pub mod account;
mod accounts;
pub mod activity;
pub mod admin;
pub mod api_key;
pub mod creation;
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
