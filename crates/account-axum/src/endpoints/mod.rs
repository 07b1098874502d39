//! The endpoints, a file a capability: each parses its fields, calls the core, and shapes the answer.
//! None of them decides who may come in; that has happened.

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod api_keys;
pub(crate) mod client_area;
mod new_password;
pub(crate) mod recovery;
pub(crate) mod sessions;
pub(crate) mod sign_in;
pub(crate) mod ssh_keys;
pub(crate) mod two_factor;
pub(crate) mod verification;
