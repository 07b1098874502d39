//! Reading the audit trail (contract 7).

use std::net::IpAddr;

use crate::accounts::Accounts;
use crate::activity::{Activity, ActivityPage, ActivityQuery, Event};
use crate::error::Error;
use crate::policy::Operation;
use crate::principal::Principal;

/// What of the caller's own trail to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Only these events; `None` for all.
    pub events: Option<Vec<Event>>,
    /// Newest first, or oldest first.
    pub newest_first: bool,
    /// How many to pass over.
    pub offset: u64,
    /// How many at the most; 100 is the most that is given.
    pub limit: u32,
}

/// The most entries of one page.
const MOST: u32 = 100;

/// The audit trail; opened by [`Accounts::activity`].
#[derive(Clone, Copy)]
pub struct ActivityLog<'a>(pub(crate) &'a Accounts);

impl ActivityLog<'_> {
    /// Entries whose subject is the caller's account.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn read(&self, who: &Principal, wanted: &Reading) -> Result<ActivityPage, Error> {
        self.0.permits(who, Operation::ReadActivity)?;
        if wanted.events.as_ref().is_some_and(Vec::is_empty) {
            return Ok(ActivityPage { entries: Vec::new(), total: 0 });
        }
        let Reading { events, newest_first, offset, limit } = wanted.clone();
        let query = ActivityQuery {
            subject: who.account().uid,
            events,
            newest_first,
            offset,
            limit: limit.min(MOST),
        };
        Ok(self.0.inner.store.activities(&query).await?)
    }
}

/// The address that a viewer may see of an entry about their own account: where they did it
/// themselves, where somebody failed to sign in as them, or if they administer.
pub fn visible_ip(entry: &Activity, viewer: &Principal) -> Option<IpAddr> {
    let account = viewer.account();
    let unknown_actor = entry.subject == Some(account.uid) && entry.actor.is_none();
    let own = entry.actor == Some(account.uid) || unknown_actor;
    if own || account.admin { entry.ip } else { None }
}
