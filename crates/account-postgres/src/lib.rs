//! PostgreSQL storage for `account-core`, for several nodes.
//!
//! [`PostgresStore`] keeps the contract of [`account_core::store`]: most commits are one statement and
//! one round trip, reads are prepared point look-ups over connections of its own, which a busy store asks
//! for together. It decides nothing. It runs on Tokio, through transaction-pooling proxies too.
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
mod statement;

mod account;
mod account_state;
mod activity;
mod api_key;
mod cells;
mod commit;
mod connections;
mod failure;
mod keyring;
mod look_ups;
mod mail;
mod mail_token;
mod observation;
mod open;
mod pending_sign_in;
mod purge;
mod recovery_code;
mod schema;
#[cfg(any(test, feature = "scratch"))]
pub mod scratch;
mod session;
mod ssh_key;
mod store;
mod throttle;
mod transaction;
mod two_factor;

#[cfg(test)]
mod look_ups_tests;
#[cfg(test)]
mod plans_tests;

pub use open::{OpenError, PostgresOptions};
pub use store::PostgresStore;
