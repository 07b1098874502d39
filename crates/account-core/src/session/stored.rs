//! A session as a store keeps it.

use std::net::IpAddr;

use crate::id::{Digest, PasswordEpoch, SessionId};
use crate::ports::keyring::Mac;
use crate::session::UserAgent;
use crate::time::Timestamp;

/// A session's row. The token is nowhere: only its digest, and a MAC that binds it to its owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its public handle.
    pub id: SessionId,
    /// SHA-256 of the token, unique in the store.
    pub token: Digest,
    /// Binds handle, owner, digest, epoch and time of creation together.
    pub mac: Mac,
    /// The account's epoch when it was opened; it counts only while they are equal.
    pub password_epoch: PasswordEpoch,
    /// From where it was opened.
    pub ip: Option<IpAddr>,
    /// What the client called itself.
    pub user_agent: Option<UserAgent>,
    /// When it was opened; the absolute lifetime runs from here.
    pub created_at: Timestamp,
    /// When it was last used, to the minute; the idle time runs from here.
    pub last_seen_at: Timestamp,
}
