//! What the operator may do to anybody's account.

use account_core::account::NewAccount;
use account_core::activity::Event;
use account_core::id::{AccountId, FactorEpoch, PasswordEpoch, Revision};
use account_core::mail::Notice;
use account_core::time::Timestamp;

use super::super::answer::{Field, Refusal};
use super::super::request::Order;
use super::person::{Key, Person, add};
use super::sign_in::raised;
use super::{Entry, Prediction, Town, Written};

impl Town {
    pub(super) fn order(&self, order: &Order, at: Timestamp) -> Prediction {
        let id = match order {
            Order::Register { username, email, .. } => return self.register(username, email),
            Order::RevokeKey { identifier } => return self.revoke_key(identifier),
            Order::Rename { account, .. }
            | Order::SetPassword { account, .. }
            | Order::Disable { account }
            | Order::Enable { account }
            | Order::Delete { account }
            | Order::OpenSession { account, .. }
            | Order::CreateKey { account, .. } => *account,
        };
        let Some(person) = self.person(id) else {
            return Prediction::refused(Some(id), Refusal::NotFound);
        };
        self.order_about(person, order, raised(person), at)
    }

    fn order_about(&self, person: &Person, order: &Order, mut next: Person, at: Timestamp) -> Prediction {
        let id = Some(person.id);
        let event = match order {
            Order::Rename { username, .. } => {
                if self.people().any(|other| other.id != person.id && other.username == *username) {
                    return Prediction::refused(id, Refusal::Invalid(Field::Username));
                }
                next.username.clone_from(username);
                Event::ProfileChanged
            }
            Order::SetPassword { new, .. } => {
                let entry = Entry::by_nobody(Event::PasswordChanged, Some(person.uid), None);
                let entries = self.set_password(&mut next, new, entry);
                return Prediction::written(next, entries).telling(&person.email, Notice::PasswordChanged);
            }
            Order::Disable { .. } => {
                if person.disabled_at.is_some() {
                    return Prediction::granted(id);
                }
                let password = person.password.clone();
                next.set_password(&password);
                next.disabled_at = Some(at);
                Event::Disabled
            }
            Order::Enable { .. } => {
                if person.disabled_at.is_none() {
                    return Prediction::granted(id);
                }
                next.disabled_at = None;
                Event::Enabled
            }
            Order::Delete { .. } => return Self::delete(person),
            Order::OpenSession { from, .. } => {
                if person.disabled_at.is_some() {
                    return Prediction::refused(id, Refusal::Unauthenticated);
                }
                next.open_session(self.policy.limits.sessions, at);
                let entry = Entry::by_owner(Event::SignedIn, person.uid, Some(*from));
                return Prediction::written(next, vec![entry]);
            }
            Order::CreateKey { allowed, expires_at, .. } => {
                return match self.create_key(None, person, (allowed, *expires_at), None, at) {
                    Ok(key) => {
                        add(&mut next.keys, key, |key| key.created_at);
                        let entry = Entry::by_nobody(Event::ApiKeyCreated, Some(person.uid), None);
                        Prediction::written(next, vec![entry]).telling(&person.email, Notice::ApiKeyCreated)
                    }
                    Err(refusal) => Prediction::refused(id, refusal),
                };
            }
            Order::Register { .. } | Order::RevokeKey { .. } => return Prediction::granted(id),
        };
        Prediction::written(next, vec![Entry::by_nobody(event, Some(person.uid), None)])
    }

    fn delete(person: &Person) -> Prediction {
        let entries = vec![Entry::by_nobody(Event::Deleted, Some(person.uid), None)];
        Prediction {
            verdict: Ok(()),
            subject: Some(person.id),
            written: Some(Written { next: None, entries, mails: Vec::new() }),
            recorded: None,
        }
    }

    /// What a registration adds is seen when the store has it.
    fn register(&self, username: &str, email: &str) -> Prediction {
        if self.by_email(email).is_some() {
            return Prediction::refused(None, Refusal::Invalid(Field::Email));
        }
        if self.people().any(|person| person.username == username) {
            return Prediction::refused(None, Refusal::Invalid(Field::Username));
        }
        Prediction::granted(None)
    }

    /// The account that a registration made.
    pub(crate) fn born(&mut self, id: AccountId, new: &NewAccount, password: &str) {
        let person = Person {
            id,
            uid: new.uid,
            revision: Revision::FIRST.0,
            username: new.username.as_str().to_owned(),
            email: new.email.as_str().to_owned(),
            verified_at: None,
            disabled_at: None,
            password: password.to_owned(),
            password_epoch: PasswordEpoch::FIRST.0,
            factor_epoch: FactorEpoch::FIRST.0,
            pending: None,
            factor: None,
            codes: Vec::new(),
            keys: Vec::new(),
            ssh_keys: Vec::new(),
            sessions: Vec::new(),
            confirmations: Vec::new(),
            mailed: Vec::new(),
        };
        self.put(person);
    }

    fn revoke_key(&self, identifier: &str) -> Prediction {
        let is_it = |key: &Key| key.known.is_some_and(|(known, _)| known.as_str() == identifier);
        let Some(person) = self.people().find(|person| person.keys.iter().any(is_it)) else {
            return Prediction::refused(None, Refusal::NotFound);
        };
        let mut next = raised(person);
        next.keys.retain(|key| !is_it(key));
        Prediction::written(next, vec![Entry::by_nobody(Event::ApiKeyDeleted, Some(person.uid), None)])
    }
}
