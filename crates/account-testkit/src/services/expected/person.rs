//! What the model believes of one account. What the services draw at random is unknown until the
//! store has it, and is taken over from there once.

use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountId, AccountUid, Digest, SessionId};
use account_core::mail::MailTokenPurpose;
use account_core::ssh_key::Fingerprint;
use account_core::time::Timestamp;
use account_core::two_factor::RecoverySetId;

/// One account.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: AccountId,
    pub(crate) uid: AccountUid,
    pub(crate) revision: i64,
    pub(crate) username: String,
    pub(crate) email: String,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) disabled_at: Option<Timestamp>,
    pub(crate) password: String,
    pub(crate) password_epoch: i64,
    pub(crate) factor_epoch: i64,
    pub(crate) pending: Option<Pending>,
    pub(crate) factor: Option<Active>,
    pub(crate) codes: Vec<Code>,
    pub(crate) keys: Vec<Key>,
    pub(crate) ssh_keys: Vec<(Fingerprint, Timestamp)>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) confirmations: Vec<Confirmation>,
    pub(crate) mailed: Vec<Mailed>,
}

/// A second factor in the making.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) made_at: Timestamp,
}

/// A second factor that is on.
#[derive(Debug, Clone)]
pub(crate) struct Active {
    pub(crate) secret: Option<Vec<u8>>,
    pub(crate) last_step: u64,
}

/// An unspent recovery code.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) position: u8,
    pub(crate) known: Option<(RecoverySetId, Vec<u8>)>,
}

/// An API key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) known: Option<(ApiKeyIdentifier, Digest)>,
    pub(crate) allowed: Vec<String>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) made_by: Option<ApiKeyIdentifier>,
    /// The number of the request's name.
    pub(crate) named: Option<usize>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl Key {
    pub(crate) fn is(&self, identifier: ApiKeyIdentifier) -> bool {
        self.known.is_some_and(|(known, _)| known == identifier)
    }
}

/// A session.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub(crate) id: Option<SessionId>,
    pub(crate) token: Option<Digest>,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
}

/// A sign-in that waits for its second factor.
#[derive(Debug, Clone)]
pub(crate) struct Confirmation {
    pub(crate) token: Option<Digest>,
    pub(crate) tries: u32,
    pub(crate) created_at: Timestamp,
}

/// A token that went out by mail.
#[derive(Debug, Clone)]
pub(crate) struct Mailed {
    pub(crate) token: Option<Digest>,
    pub(crate) purpose: MailTokenPurpose,
    pub(crate) created_at: Timestamp,
}

impl Person {
    /// The address without regard to case: the kit's addresses are ASCII.
    pub(crate) fn has_address(&self, email: &str) -> bool {
        self.email.eq_ignore_ascii_case(email)
    }

    /// All that a new password takes with it.
    pub(crate) fn set_password(&mut self, new: &str) {
        new.clone_into(&mut self.password);
        self.password_epoch = self.password_epoch.saturating_add(1);
        self.sessions.clear();
        self.confirmations.clear();
        self.mailed.clear();
    }

    /// Opens a session; at the limit, those that were idle longest go.
    pub(crate) fn open_session(&mut self, limit: usize, at: Timestamp) {
        while self.sessions.len() >= limit.max(1) {
            let idle = self.sessions.iter().enumerate().min_by_key(|(_, session)| session.last_seen_at);
            let Some((index, _)) = idle else { break };
            self.sessions.remove(index);
        }
        let session = Session { id: None, token: None, created_at: at, last_seen_at: at };
        add(&mut self.sessions, session, |session| session.created_at);
    }

    /// This was decided on what was `read`; what the sweep took and what was used since, up to `now`,
    /// is so here too.
    pub(crate) fn catch_up(&mut self, read: &Self, now: &Self) {
        let swept = |was: bool, is: bool| was && !is;
        self.sessions.retain(|one| {
            let same = |other: &Session| other.id == one.id;
            one.id.is_none() || !swept(read.sessions.iter().any(same), now.sessions.iter().any(same))
        });
        for session in &mut self.sessions {
            let is_it = |other: &&Session| session.token.is_some() && other.token == session.token;
            if let Some(other) = now.sessions.iter().find(is_it) {
                session.last_seen_at = other.last_seen_at;
            }
        }
        self.confirmations.retain(|one| {
            let same = |other: &Confirmation| other.token == one.token;
            one.token.is_none()
                || !swept(read.confirmations.iter().any(same), now.confirmations.iter().any(same))
        });
        self.mailed.retain(|one| {
            let same = |other: &Mailed| other.token == one.token;
            one.token.is_none() || !swept(read.mailed.iter().any(same), now.mailed.iter().any(same))
        });
        let pending = self.pending.as_ref().is_some_and(|pending| pending.secret.is_some());
        if pending && swept(read.pending.is_some(), now.pending.is_some()) {
            self.pending = None;
        }
        for key in &mut self.keys {
            let is_it = |other: &&Key| key.known.is_some() && other.known == key.known;
            if let Some(other) = now.keys.iter().find(is_it) {
                key.last_used_at = other.last_used_at;
            }
        }
    }

    /// Ten codes that nobody knows yet.
    pub(crate) fn replace_codes(&mut self) {
        self.codes = (0..10).map(|position| Code { position, known: None }).collect();
    }

    /// Puts a token in the place of those for the same purpose.
    pub(crate) fn replace_mailed(&mut self, purpose: MailTokenPurpose, at: Timestamp) {
        self.mailed.retain(|token| token.purpose != purpose);
        let token = Mailed { token: None, purpose, created_at: at };
        add(&mut self.mailed, token, |token| token.created_at);
    }
}

/// Behind all that are as old: the order that the contract gives lists in.
pub(crate) fn add<T>(list: &mut Vec<T>, new: T, created_at: impl Fn(&T) -> Timestamp) {
    let place = list.partition_point(|other| created_at(other) <= created_at(&new));
    list.insert(place, new);
}
