//! Account logic that teams embed in their own servers: e-mail and password changes, two-factor
//! authentication, API keys, SSH keys, sessions and the audit trail, without any I/O of its own.
//!
//! The core decides, a store remembers. An operation reads one snapshot, decides in plain
//! synchronous code, and commits a list of changes that stands only if nothing else was committed
//! to the account meanwhile.
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

pub mod api_key;
pub mod email;
pub mod field;
pub mod id;
pub mod malformed;
pub mod password;
pub mod ports;
pub mod profile;
pub mod ssh_key;
mod text;
pub mod time;
pub mod two_factor;
