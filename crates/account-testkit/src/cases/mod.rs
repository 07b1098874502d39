//! Cases: one behaviour each, of one caller at a time. What several callers at once can break is in
//! the other layers.

pub(crate) mod accounts;
pub(crate) mod activity;
pub(crate) mod api_keys;
pub(crate) mod changes;
pub(crate) mod commits;
pub(crate) mod deletion;
pub(crate) mod given;
pub(crate) mod keyring;
pub(crate) mod mail;
pub(crate) mod observations;
pub(crate) mod purging;
pub(crate) mod registration;
pub(crate) mod sessions;
pub(crate) mod ssh_keys;
pub(crate) mod two_factor;
