//! Last uses: all that is written without a commit, since nobody decides by it.

use crate::api_key::ApiKeyIdentifier;
use crate::id::{AccountUid, SessionId};
use crate::time::Timestamp;

/// That something was used. Moves its row's time forwards only, changes rows that exist and makes
/// none; one that names nothing is passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// An API key was used.
    ApiKeyUsed {
        /// Its owner.
        account: AccountUid,
        /// Which key.
        identifier: ApiKeyIdentifier,
        /// When.
        at: Timestamp,
    },
    /// A session was used.
    SessionSeen {
        /// Its owner.
        account: AccountUid,
        /// Which session.
        session: SessionId,
        /// When.
        at: Timestamp,
        /// Only if it was last seen at or after this time: an expired session is never revived.
        if_seen_since: Timestamp,
    },
}
