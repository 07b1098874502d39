//! A sign-in that has passed the password and waits for the second factor.

use std::net::IpAddr;

use crate::id::{Digest, FactorEpoch, PasswordEpoch};
use crate::time::Timestamp;

/// A pending sign-in's row, found by the digest of its confirmation token. It opens nothing by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingSignIn {
    /// SHA-256 of the confirmation token, unique in the store; its name.
    pub token: Digest,
    /// The account's password epoch when the password was right.
    pub password_epoch: PasswordEpoch,
    /// The account's factor epoch at that time.
    pub factor_epoch: FactorEpoch,
    /// Wrong second factors so far.
    pub tries: u32,
    /// From where the password came.
    pub ip: Option<IpAddr>,
    /// When the password was right; it expires by policy.
    pub created_at: Timestamp,
}
