//! Opening, listing and ending sessions. Who may open one is decided at sign-in; an embedder that
//! signs its users in by other means opens them here.

use std::net::IpAddr;

use crate::accounts::{Accounts, Decision};
use crate::activity::Event;
use crate::error::Error;
use crate::id::{AccountId, SessionId};
use crate::policy::Operation;
use crate::principal::{Actor, Principal};
use crate::session::{Client, Opening, SessionToken, StoredSession, UserAgent, rules};
use crate::store::Change;
use crate::time::Timestamp;

/// A session as its owner may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its public handle.
    pub id: SessionId,
    /// Whether it is the one that asks.
    pub current: bool,
    /// From where it was opened.
    pub ip: Option<IpAddr>,
    /// What the client called itself.
    pub user_agent: Option<UserAgent>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends if it is not used again.
    pub expires_at: Timestamp,
}

/// A session that was opened, with its token: given to the client once and never again.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// Its public handle.
    pub id: SessionId,
    /// What the client presents.
    pub token: SessionToken,
}

/// Sessions; opened by [`Accounts::sessions`].
#[derive(Clone, Copy)]
pub struct Sessions<'a>(pub(crate) &'a Accounts);

impl Sessions<'_> {
    /// Opens a session for an account whose owner the embedder has signed in by its own means.
    ///
    /// # Errors
    /// [`Error::NotFound`] if there is no such account; [`Error::Unauthenticated`] if it is disabled.
    pub async fn open(&self, account: AccountId, client: &Client) -> Result<OpenedSession, Error> {
        let inner = &self.0.inner;
        let token = SessionToken::generate(&*inner.entropy)?;
        let id = SessionId::generate(&*inner.entropy)?;
        let recorder = self.0.recorder_without_actor(None, client.ip)?;
        let opening = Opening { id, token: &token, client };
        let opened = self.0.decide(Actor::Operator(account), |state, now| {
            if state.account.disabled_at.is_some() {
                return Decision::refused(Error::Unauthenticated);
            }
            let epoch = state.account.password_epoch;
            let mut changes = rules::open(state, &opening, epoch, &inner.policy.limits, &inner.keyring, now);
            changes.push(recorder.about(state.account.uid).by_owner().change(
                Event::SignedIn,
                &client.properties(),
                now,
            ));
            Decision::committed(changes, ())
        });
        opened.await?;
        Ok(OpenedSession { id, token })
    }

    /// The caller's live sessions, oldest first.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn list(&self, who: &Principal) -> Result<Vec<Session>, Error> {
        self.0.permits(who, Operation::ListSessions)?;
        let (now, lifetimes) = (self.0.now(), &self.0.inner.policy.sessions);
        let sessions = self.0.inner.store.sessions(who.account().id).await?;
        let live =
            |stored: &StoredSession| rules::is_live(stored, who.account().password_epoch, now, lifetimes);
        let view = |stored: StoredSession| Session {
            current: who.session() == Some(stored.id),
            expires_at: rules::expires_at(&stored, lifetimes),
            id: stored.id,
            ip: stored.ip,
            user_agent: stored.user_agent,
            created_at: stored.created_at,
            last_seen_at: stored.last_seen_at,
        };
        Ok(sessions.into_iter().filter(live).map(view).collect())
    }

    /// Ends one of the caller's sessions; it may be the calling one.
    ///
    /// # Errors
    /// [`Error::NotFound`] alike for one that is malformed, unknown, or another account's.
    pub async fn end(&self, who: &Principal, id: &str) -> Result<(), Error> {
        self.0.permits(who, Operation::EndSessions)?;
        let id = SessionId::parse(id);
        let recorder = self.0.recorder(who)?;
        let lifetimes = &self.0.inner.policy.sessions;
        let ended = self.0.decide(Actor::Principal(who), |state, now| {
            // Asked in here, so that a caller who has ended meanwhile hears of that first.
            let Some(id) = id else { return Decision::refused(Error::NotFound) };
            let epoch = state.account.password_epoch;
            if !state
                .sessions
                .iter()
                .any(|stored| stored.id == id && rules::is_live(stored, epoch, now, lifetimes))
            {
                return Decision::refused(Error::NotFound);
            }
            let record = recorder.change(Event::SessionEnded, &[("session", id.to_string())], now);
            Decision::committed(vec![Change::EndSession(id), record], ())
        });
        ended.await
    }

    /// Ends all of the caller's sessions but the calling one; all, if a key calls.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn end_others(&self, who: &Principal) -> Result<(), Error> {
        self.0.permits(who, Operation::EndSessions)?;
        let recorder = self.0.recorder(who)?;
        let ended = self.0.decide(Actor::Principal(who), |state, now| {
            let others = state.sessions.iter().filter(|stored| who.session() != Some(stored.id)).count();
            if others == 0 {
                return Decision::unchanged(());
            }
            let record = recorder.change(Event::SessionEnded, &[("sessions", others.to_string())], now);
            Decision::committed(vec![Change::EndSessionsExcept(who.session()), record], ())
        });
        ended.await
    }

    /// Signs the caller out: ends the calling session. A key has none to end.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] if a key calls.
    pub async fn sign_out(&self, who: &Principal) -> Result<(), Error> {
        let id = who.session().ok_or(Error::Unauthenticated)?;
        let recorder = self.0.recorder(who)?;
        let ended = self.0.decide(Actor::Principal(who), |_, now| {
            Decision::committed(vec![Change::EndSession(id), recorder.change(Event::SignedOut, &[], now)], ())
        });
        ended.await
    }
}
