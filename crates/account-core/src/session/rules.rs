//! When a session counts, and what becomes of sessions: plain functions over a snapshot.

use std::net::IpAddr;

use crate::id::{AccountUid, PasswordEpoch, SessionId};
use crate::policy::{Limits, SessionLifetimes};
use crate::ports::keyring::{Keyring, Mac, MacPurpose, OpenError};
use crate::session::{SessionToken, StoredSession, UserAgent};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

const VERSION: &[u8] = b"1";

/// A session counts while its epoch is the account's, and neither its idle time nor its lifetime is
/// over. At the limit it is over (SEC-44).
pub(crate) fn is_live(
    stored: &StoredSession,
    epoch: PasswordEpoch,
    now: Timestamp,
    lifetimes: &SessionLifetimes,
) -> bool {
    stored.password_epoch == epoch
        && stored.last_seen_at.is_within(lifetimes.idle, now)
        && stored.created_at.is_within(lifetimes.absolute, now)
}

/// When a session ends if it is not used again.
pub(crate) fn expires_at(stored: &StoredSession, lifetimes: &SessionLifetimes) -> Timestamp {
    stored.last_seen_at.plus(lifetimes.idle).min(stored.created_at.plus(lifetimes.absolute))
}

/// Where and with what a session is opened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Client {
    /// The client's address, if known.
    pub ip: Option<IpAddr>,
    /// What it calls itself; cut to 255 characters, without control characters.
    pub user_agent: Option<String>,
}

impl Client {
    /// `None` also for what nothing is left of.
    pub(crate) fn user_agent(&self) -> Option<UserAgent> {
        self.user_agent.as_deref().and_then(|text| UserAgent::parse(text).ok())
    }

    /// What an audit entry keeps of it (contract 11).
    pub(crate) fn properties(&self) -> Vec<(&'static str, String)> {
        let ip = self.ip.map(|ip| ("ip", ip.to_string()));
        ip.into_iter().chain(self.user_agent().map(|agent| ("useragent", agent.into()))).collect()
    }
}

/// A session to be opened: handle and token are made before the decision.
pub(crate) struct Opening<'a> {
    pub(crate) id: SessionId,
    pub(crate) token: &'a SessionToken,
    pub(crate) client: &'a Client,
}

/// Opens a session under the epoch given, and ends those that would exceed the limit: the expired,
/// then the one that was idle longest (SEC-39).
pub(crate) fn open(
    state: &AccountState,
    opening: &Opening<'_>,
    epoch: PasswordEpoch,
    limits: &Limits,
    keyring: &Keyring,
    now: Timestamp,
) -> Vec<Change> {
    let mut kept: Vec<&StoredSession> = state.sessions.iter().collect();
    kept.sort_by_key(|stored| (stored.password_epoch == epoch, stored.last_seen_at));
    let excess = kept.len().saturating_add(1).saturating_sub(limits.sessions.max(1));
    let mut changes: Vec<Change> =
        kept.iter().take(excess).map(|stored| Change::EndSession(stored.id)).collect();
    changes.push(Change::OpenSession(stored(state.account.uid, opening, epoch, keyring, now, now)));
    changes
}

/// The same session under a new token and the epoch given, to be opened once the old one was ended;
/// its lifetime goes on.
pub(crate) fn renew(
    state: &AccountState,
    session: SessionId,
    token: &SessionToken,
    epoch: PasswordEpoch,
    keyring: &Keyring,
    now: Timestamp,
) -> Option<Change> {
    let old = state.sessions.iter().find(|stored| stored.id == session)?;
    let client = Client { ip: old.ip, user_agent: old.user_agent.clone().map(Into::into) };
    let opening = Opening { id: session, token, client: &client };
    Some(Change::OpenSession(stored(state.account.uid, &opening, epoch, keyring, old.created_at, now)))
}

fn stored(
    owner: AccountUid,
    opening: &Opening<'_>,
    epoch: PasswordEpoch,
    keyring: &Keyring,
    created_at: Timestamp,
    now: Timestamp,
) -> StoredSession {
    let (id, token) = (opening.id, opening.token.digest());
    let bound = Bound { owner, id, token: token.as_bytes(), epoch, created_at };
    StoredSession {
        id,
        token,
        mac: bound.mac(keyring),
        password_epoch: epoch,
        ip: opening.client.ip,
        user_agent: opening.client.user_agent(),
        created_at,
        last_seen_at: now,
    }
}

/// All that a session's MAC binds together.
pub(crate) struct Bound<'a> {
    owner: AccountUid,
    id: SessionId,
    token: &'a [u8],
    epoch: PasswordEpoch,
    created_at: Timestamp,
}

impl<'a> Bound<'a> {
    pub(crate) fn of(owner: AccountUid, stored: &'a StoredSession) -> Self {
        let StoredSession { id, token, password_epoch, created_at, .. } = stored;
        Self { owner, id: *id, token: token.as_bytes(), epoch: *password_epoch, created_at: *created_at }
    }

    pub(crate) fn mac(&self, keyring: &Keyring) -> Mac {
        self.with_parts(|parts| keyring.mac(MacPurpose::Session, parts))
    }

    pub(crate) fn verify(&self, keyring: &Keyring, mac: &Mac) -> Result<(), OpenError> {
        self.with_parts(|parts| keyring.verify_mac(MacPurpose::Session, parts, mac))
    }

    fn with_parts<T>(&self, then: impl FnOnce(&[&[u8]]) -> T) -> T {
        let (epoch, created) = (self.epoch.0.to_be_bytes(), self.created_at.as_millis().to_be_bytes());
        then(&[VERSION, self.id.as_bytes(), self.owner.as_bytes(), self.token, &epoch, &created])
    }
}

#[cfg(test)]
#[path = "rules_tests.rs"]
mod tests;
