//! A tiny reference model of the services: who exists, what they hold, and what must come of a
//! request at one moment. Plain values and no store; written from the rules, not from the core.

mod addresses;
mod comparing;
mod operator;
mod owner;
mod person;
mod prediction;
mod second_factor;
mod sign_in;
mod upkeep;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use account_core::Credential as Held;
use account_core::activity::Event;
use account_core::api_key::{ApiKeyIdentifier, ApiKeyToken};
use account_core::id::{AccountId, AccountUid, Digest, SessionId};
use account_core::policy::Policy;
use account_core::time::Timestamp;

pub(crate) use person::Person;
pub(crate) use prediction::{Entry, Prediction, Written};
pub(crate) use sign_in::raised;

use super::answer::Refusal;
use super::request::{Credential, Request};

/// Everybody, at one moment. A clone is a snapshot, and cheap.
#[derive(Debug, Clone)]
pub(crate) struct Town {
    people: BTreeMap<AccountId, Arc<Person>>,
    policy: Arc<Policy>,
}

/// Somebody who was let in.
#[derive(Debug, Clone, Copy)]
struct Caller {
    id: AccountId,
    uid: AccountUid,
    held: Held,
    from: Option<IpAddr>,
    had_second_factor: bool,
    /// The password's epoch when the caller was let in.
    epoch: i64,
}

/// Not older than its lifetime, and not from a future as far away.
fn is_young(made_at: Timestamp, lifetime: Duration, at: Timestamp) -> bool {
    let age = at.as_millis().saturating_sub(made_at.as_millis());
    let lifetime = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
    age < lifetime && age >= lifetime.saturating_neg()
}

impl Caller {
    fn key(&self) -> Option<ApiKeyIdentifier> {
        match self.held {
            Held::ApiKey(identifier) => Some(identifier),
            Held::Session(_) => None,
        }
    }

    fn session(&self) -> Option<SessionId> {
        match self.held {
            Held::Session(id) => Some(id),
            Held::ApiKey(_) => None,
        }
    }

    fn did(&self, event: Event) -> Entry {
        Entry { api_key: self.key(), ..Entry::by_owner(event, self.uid, self.from) }
    }
}

impl Town {
    pub(crate) fn new(policy: Policy) -> Self {
        Self { people: BTreeMap::new(), policy: Arc::new(policy) }
    }

    pub(crate) fn policy(&self) -> &Policy {
        &self.policy
    }

    pub(crate) fn person(&self, id: AccountId) -> Option<&Person> {
        self.people.get(&id).map(Arc::as_ref)
    }

    pub(crate) fn people(&self) -> impl Iterator<Item = &Person> {
        self.people.values().map(Arc::as_ref)
    }

    /// The account as it is, to be told apart from what it was.
    pub(crate) fn version(&self, id: AccountId) -> Option<&Arc<Person>> {
        self.people.get(&id)
    }

    /// Puts an account in the place of what it was.
    pub(crate) fn put(&mut self, person: Person) {
        self.people.insert(person.id, Arc::new(person));
    }

    pub(crate) fn remove(&mut self, id: AccountId) {
        self.people.remove(&id);
    }

    /// What must come of a request that is decided now.
    pub(crate) fn predict(&self, request: &Request, at: Timestamp) -> Prediction {
        match request {
            Request::SignIn { login, password, from } => {
                self.sign_in(self.by_login(login), password, *from, at)
            }
            Request::SignInWithBoth { login, password, factor, from } => {
                self.sign_in_with_both(self.by_login(login), password, factor, *from, at)
            }
            Request::SecondFactor { token, factor, from } => self.confirm(&token.0, factor, *from, at),
            Request::As { credential, from, wish } => match self.let_in(credential, *from, at) {
                Ok(caller) => self.grant(&caller, wish, at),
                Err(refused) => *refused,
            },
            Request::AskForReset { email, .. } | Request::AskForVerification { email, .. } => {
                Prediction::granted(self.by_email(email).map(|person| person.id))
            }
            Request::Reset { token, email, new, from } => self.reset(&token.0, email, new, *from, at),
            Request::Verify { token, from } => self.verify(&token.0, *from, at),
            Request::Operator(order) => self.order(order, at),
            Request::Upkeep(_) => Prediction::granted(None),
        }
    }

    /// The same, where the asker was let in, or the name looked up, at an earlier moment.
    pub(crate) fn predict_since(
        &self,
        earlier: &Self,
        then: Timestamp,
        request: &Request,
        at: Timestamp,
    ) -> Prediction {
        let now = |found: Option<&Person>| found.and_then(|person| self.person(person.id));
        match request {
            Request::SignIn { login, password, from } => {
                self.sign_in(now(earlier.by_login(login)), password, *from, at)
            }
            Request::SignInWithBoth { login, password, factor, from } => {
                self.sign_in_with_both(now(earlier.by_login(login)), password, factor, *from, at)
            }
            Request::As { credential, from, wish } => match earlier.let_in(credential, *from, then) {
                Ok(caller) => self.grant(&caller, wish, at),
                Err(refused) => *refused,
            },
            other => self.predict(other, at),
        }
    }

    fn let_in(
        &self,
        credential: &Credential,
        from: Option<IpAddr>,
        at: Timestamp,
    ) -> Result<Caller, Box<Prediction>> {
        let refused = |subject| Box::new(Prediction::refused(subject, Refusal::Unauthenticated));
        match credential {
            Credential::LetInBefore(who) => Ok(Caller {
                id: who.account().id,
                uid: who.account().uid,
                held: who.credential(),
                from: who.client(),
                had_second_factor: who.account().two_factor,
                epoch: who.account().password_epoch.0,
            }),
            Credential::Session(token) => {
                let digest = Digest::of(token.0.as_bytes());
                let found = self.people().find_map(|person| {
                    let session = person.sessions.iter().find(|session| session.token == Some(digest));
                    session.and_then(|session| session.id).map(|id| (person, Held::Session(id)))
                });
                let (person, held) = found.ok_or_else(|| refused(None))?;
                let caller = Self::caller(person, held, from);
                if self.stands(&caller, at) { Ok(caller) } else { Err(refused(Some(person.id))) }
            }
            Credential::ApiKey(token) => {
                let token = ApiKeyToken::parse(&token.0).ok_or_else(|| refused(None))?;
                let (identifier, secret) = (token.identifier(), token.secret_digest());
                let found = self.people().find_map(|person| {
                    let key = person.keys.iter().find(|key| key.known == Some((identifier, secret)));
                    key.map(|key| (person, key))
                });
                let (person, key) = found.ok_or_else(|| refused(None))?;
                let caller = Self::caller(person, Held::ApiKey(identifier), from);
                if !self.stands(&caller, at) {
                    return Err(refused(Some(person.id)));
                }
                if !addresses::admits(&key.allowed, from) {
                    let blocked = Entry::by_nobody(Event::AddressBlocked, Some(person.uid), from);
                    let blocked = Entry { api_key: Some(identifier), ..blocked };
                    let refused = Prediction::refused(Some(person.id), Refusal::AddressNotAllowed);
                    return Err(Box::new(refused.recording(blocked)));
                }
                Ok(caller)
            }
        }
    }

    fn caller(person: &Person, held: Held, from: Option<IpAddr>) -> Caller {
        let (id, uid, had_second_factor) = (person.id, person.uid, person.factor.is_some());
        Caller { id, uid, held, from, had_second_factor, epoch: person.password_epoch }
    }

    /// Whether what the caller holds still counts.
    fn stands(&self, caller: &Caller, at: Timestamp) -> bool {
        let Some(person) = self.person(caller.id) else { return false };
        let held = match caller.held {
            Held::ApiKey(identifier) => {
                person.keys.iter().any(|key| key.is(identifier) && key.expires_at.is_none_or(|end| at < end))
            }
            Held::Session(id) => {
                let is_it = |session: &person::Session| session.id == Some(id) && self.is_live(session, at);
                caller.epoch == person.password_epoch && person.sessions.iter().any(is_it)
            }
        };
        held && person.disabled_at.is_none()
    }

    fn is_live(&self, session: &person::Session, at: Timestamp) -> bool {
        let lifetimes = &self.policy.sessions;
        is_young(session.last_seen_at, lifetimes.idle, at)
            && is_young(session.created_at, lifetimes.absolute, at)
    }

    fn by_email(&self, email: &str) -> Option<&Person> {
        self.people().find(|person| person.has_address(email))
    }

    fn by_login(&self, login: &str) -> Option<&Person> {
        if login.contains('@') {
            self.by_email(login)
        } else {
            self.people().find(|person| person.username == login)
        }
    }
}

impl Town {
    /// The handles of an account's sessions that count, oldest first.
    pub(crate) fn live_sessions<'a>(
        &'a self,
        person: &'a Person,
        at: Timestamp,
    ) -> impl Iterator<Item = Option<SessionId>> + 'a {
        person.sessions.iter().filter(move |session| self.is_live(session, at)).map(|session| session.id)
    }
}
