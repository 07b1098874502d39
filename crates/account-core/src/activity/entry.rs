//! What an audit entry holds. Entries outlive the account: they name it by uid.

use std::net::IpAddr;

use crate::activity::{Event, Sentence};
use crate::api_key::ApiKeyIdentifier;
use crate::id::{AccountUid, ActivityId};
use crate::time::Timestamp;

/// One audit entry (contract 7 and 11). Never holds a password, code, token or secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its name.
    pub id: ActivityId,
    /// Whose account it concerns; `None` for a failed sign-in under a name nobody has.
    pub subject: Option<AccountUid>,
    /// Who did it; `None` when nobody was signed in, or the operator did.
    pub actor: Option<AccountUid>,
    /// What was done.
    pub event: Event,
    /// From where, if known.
    pub ip: Option<IpAddr>,
    /// With which API key, if with one.
    pub api_key: Option<ApiKeyIdentifier>,
    /// Details, in a fixed order.
    pub properties: Vec<(String, String)>,
    /// A sentence, if the event has one.
    pub description: Option<Sentence>,
    /// When.
    pub at: Timestamp,
}

/// Which entries of one account to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityQuery {
    /// The account they concern.
    pub subject: AccountUid,
    /// Only these events; `None` for all.
    pub events: Option<Vec<Event>>,
    /// Newest first, or oldest first. Entries of one millisecond keep the order they were written in.
    pub newest_first: bool,
    /// How many to pass over.
    pub offset: u64,
    /// How many at the most.
    pub limit: u32,
}

/// A page of entries, and how many there are in all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActivityPage {
    /// The page's entries.
    pub entries: Vec<Activity>,
    /// All entries that the query's account and events match.
    pub total: u64,
}
