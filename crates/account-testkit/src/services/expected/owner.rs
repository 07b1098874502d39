//! What somebody who was let in may do to their own account.

use account_core::activity::Event;
use account_core::api_key::ApiKeyIdentifier;
use account_core::mail::{MailTokenPurpose, MessageKind, Notice};
use account_core::policy::{ApiKeyPolicy, TwoFactorRequired};
use account_core::time::Timestamp;

use super::super::answer::{Field, Refusal};
use super::super::request::Wish;
use super::person::{Key, Person, Session, add};
use super::{Caller, Prediction, Town, addresses};
use crate::sample;

/// Under which policies a wish stands.
struct Kind {
    leads_to_a_second_factor: bool,
    changes_a_credential: bool,
}

fn kind(wish: &Wish) -> Option<Kind> {
    let (leads_to_a_second_factor, changes_a_credential) = match wish {
        Wish::Look | Wish::SignOut => return None,
        Wish::SetUpTwoFactor | Wish::EnableTwoFactor { .. } | Wish::DisableTwoFactor { .. } => (true, true),
        Wish::ChangeEmail { .. }
        | Wish::ChangePassword { .. }
        | Wish::ReplaceRecoveryCodes { .. }
        | Wish::CountRecoveryCodes
        | Wish::CreateKey { .. }
        | Wish::AddSshKey { .. } => (false, true),
        Wish::DeleteKey { .. }
        | Wish::ListKeys
        | Wish::RemoveSshKey { .. }
        | Wish::ListSshKeys
        | Wish::ListSessions
        | Wish::EndSession { .. }
        | Wish::EndOtherSessions
        | Wish::ReadActivity => (false, false),
    };
    Some(Kind { leads_to_a_second_factor, changes_a_credential })
}

/// The key that a request of this name made, within a day, whichever way the clock went.
fn made_before(person: &Person, named: Option<usize>, at: Timestamp) -> Option<&Key> {
    const DAY: i64 = 86_400_000;
    let today = |made: Timestamp| (-DAY..DAY).contains(&at.as_millis().saturating_sub(made.as_millis()));
    person.keys.iter().find(|key| key.named.is_some() && key.named == named && today(key.created_at))
}

/// A key makes none that is wider.
fn inside(
    maker: Option<ApiKeyIdentifier>,
    person: &Person,
    allowed: &[String],
    expires_at: Option<Timestamp>,
) -> Result<(), Refusal> {
    let Some(maker) = maker.and_then(|maker| person.keys.iter().find(|key| key.is(maker))) else {
        return Ok(());
    };
    let later = |limit| expires_at.is_none_or(|end| end > limit);
    let wider = !addresses::covers(&maker.allowed, allowed) || maker.expires_at.is_some_and(later);
    if wider { Err(Refusal::WiderThanMaker) } else { Ok(()) }
}

impl Town {
    pub(super) fn grant(&self, caller: &Caller, wish: &Wish, at: Timestamp) -> Prediction {
        let refused = |refusal| Prediction::refused(Some(caller.id), refusal);
        if let Some(refusal) = self.forbids(caller, wish) {
            return refused(refusal);
        }
        if let Wish::SignOut = wish
            && caller.session().is_none()
        {
            return refused(Refusal::Unauthenticated);
        }
        let Some(person) = self.person(caller.id) else {
            return refused(Refusal::Unauthenticated);
        };
        let proven = match wish {
            Wish::ChangeEmail { password, .. }
            | Wish::ChangePassword { password, .. }
            | Wish::EnableTwoFactor { password, .. }
            | Wish::DisableTwoFactor { password }
            | Wish::ReplaceRecoveryCodes { password } => *password == person.password,
            _ => true,
        };
        if !proven {
            return refused(Refusal::WrongPassword);
        }
        match wish {
            Wish::ChangeEmail { email, .. } if person.has_address(email) => {
                return Prediction::granted(Some(caller.id));
            }
            Wish::Look
            | Wish::CountRecoveryCodes
            | Wish::ListKeys
            | Wish::ListSshKeys
            | Wish::ListSessions
            | Wish::ReadActivity => return Prediction::granted(Some(caller.id)),
            _ => {}
        }
        if !self.stands(caller, at) {
            return refused(Refusal::Unauthenticated);
        }
        let mut next = person.clone();
        next.revision = next.revision.saturating_add(1);
        self.write(caller, wish, person, next, at)
    }

    fn forbids(&self, caller: &Caller, wish: &Wish) -> Option<Refusal> {
        let kind = kind(wish)?;
        let demanded = self.policy.two_factor_required == TwoFactorRequired::Everybody;
        if demanded && !caller.had_second_factor && !kind.leads_to_a_second_factor {
            return Some(Refusal::TwoFactorRequired);
        }
        let session_only = self.policy.api_keys == ApiKeyPolicy::SessionOnly;
        (session_only && caller.key().is_some() && kind.changes_a_credential)
            .then_some(Refusal::SessionRequired)
    }

    /// The caller stands and knew the password where one was asked.
    fn write(&self, caller: &Caller, wish: &Wish, was: &Person, next: Person, at: Timestamp) -> Prediction {
        let refused = |refusal| Prediction::refused(Some(caller.id), refusal);
        match wish {
            Wish::ChangeEmail { email, .. } => self.change_email(caller, email, next, at),
            Wish::ChangePassword { new, .. } => self.change_password(caller, new, next, at),
            Wish::CreateKey { allowed, expires_at, named } => {
                let wanted = (&allowed[..], *expires_at);
                if let Some(earlier) = made_before(was, *named, at) {
                    return match Self::repeats(caller, was, earlier, wanted) {
                        Ok(()) => Prediction::granted(Some(caller.id)),
                        Err(refusal) => refused(refusal),
                    };
                }
                self.create_key(Some(caller), was, wanted, *named, at).map_or_else(refused, |key| {
                    let mut next = next;
                    add(&mut next.keys, key, |key| key.created_at);
                    let to = next.email.clone();
                    let entry = caller.did(Event::ApiKeyCreated);
                    Prediction::written(next, vec![entry]).telling(&to, Notice::ApiKeyCreated)
                })
            }
            Wish::DeleteKey { identifier } => {
                let keeps = |key: &Key| key.known.is_none_or(|(known, _)| known.as_str() != *identifier);
                if was.keys.iter().all(keeps) {
                    return refused(Refusal::NotFound);
                }
                let mut next = next;
                next.keys.retain(keeps);
                Prediction::written(next, vec![caller.did(Event::ApiKeyDeleted)])
            }
            Wish::AddSshKey { number } => self.add_ssh_key(caller, *number, next, at),
            Wish::RemoveSshKey { number } => {
                let gone = sample::ssh_key(*number).fingerprint();
                let mut next = next;
                next.ssh_keys.retain(|(fingerprint, _)| *fingerprint != gone);
                if next.ssh_keys.len() == was.ssh_keys.len() {
                    return Prediction::granted(Some(caller.id));
                }
                Prediction::written(next, vec![caller.did(Event::SshKeyRemoved)])
            }
            Wish::EndSession { .. } | Wish::EndOtherSessions | Wish::SignOut => {
                self.end_sessions(caller, wish, next, at)
            }
            _ => self.about_the_second_factor(caller, wish, next, at),
        }
    }

    fn change_email(&self, caller: &Caller, email: &str, mut next: Person, at: Timestamp) -> Prediction {
        if self.by_email(email).is_some() {
            return Prediction::refused(Some(caller.id), Refusal::Invalid(Field::Email));
        }
        let old = std::mem::replace(&mut next.email, email.to_owned());
        next.verified_at = None;
        next.mailed.clear();
        let to_verify = self.policy.mail && self.policy.verified_email_required;
        if to_verify {
            next.replace_mailed(MailTokenPurpose::EmailVerification, at);
        }
        let changed = Prediction::written(next, vec![caller.did(Event::EmailChanged)])
            .telling(&old, Notice::EmailChanged)
            .telling(email, Notice::EmailChanged);
        if to_verify { changed.mailing(email, MessageKind::EmailVerification) } else { changed }
    }

    /// The calling session goes on under a new token, and its lifetime with it.
    fn change_password(&self, caller: &Caller, new: &str, mut next: Person, at: Timestamp) -> Prediction {
        let calling = next.sessions.iter().find(|session| session.id == caller.session()).cloned();
        let entries = self.set_password(&mut next, new, caller.did(Event::PasswordChanged));
        if let (Some(calling), Some(_)) = (calling, caller.session()) {
            next.sessions.push(Session { token: None, last_seen_at: at, ..calling });
        }
        let to = next.email.clone();
        Prediction::written(next, entries).telling(&to, Notice::PasswordChanged)
    }

    /// A key that may be made, by a key if one calls.
    pub(super) fn create_key(
        &self,
        maker: Option<&Caller>,
        person: &Person,
        (allowed, expires_at): (&[String], Option<Timestamp>),
        named: Option<usize>,
        at: Timestamp,
    ) -> Result<Key, Refusal> {
        if expires_at.is_some_and(|end| end <= at) {
            return Err(Refusal::Invalid(Field::ExpiresAt));
        }
        if person.keys.len() >= self.policy.limits.api_keys {
            return Err(Refusal::LimitReached);
        }
        let made_by = maker.and_then(Caller::key);
        inside(made_by, person, allowed, expires_at)?;
        let allowed = allowed.to_vec();
        Ok(Key { known: None, allowed, expires_at, made_by, named, created_at: at, last_used_at: None })
    }

    /// The same request once more, by somebody who may ask for it.
    fn repeats(
        caller: &Caller,
        person: &Person,
        earlier: &Key,
        (allowed, expires_at): (&[String], Option<Timestamp>),
    ) -> Result<(), Refusal> {
        if earlier.allowed != allowed || earlier.expires_at != expires_at {
            return Err(Refusal::IdempotencyKeyReused);
        }
        inside(caller.key(), person, allowed, expires_at)
    }

    fn add_ssh_key(&self, caller: &Caller, number: u64, mut next: Person, at: Timestamp) -> Prediction {
        let fingerprint = sample::ssh_key(number).fingerprint();
        if next.ssh_keys.iter().any(|(other, _)| *other == fingerprint) {
            return Prediction::refused(Some(caller.id), Refusal::Invalid(Field::PublicKey));
        }
        if next.ssh_keys.len() >= self.policy.limits.ssh_keys {
            return Prediction::refused(Some(caller.id), Refusal::LimitReached);
        }
        add(&mut next.ssh_keys, (fingerprint, at), |(_, created_at)| *created_at);
        let to = next.email.clone();
        Prediction::written(next, vec![caller.did(Event::SshKeyAdded)]).telling(&to, Notice::SshKeyAdded)
    }

    fn end_sessions(&self, caller: &Caller, wish: &Wish, mut next: Person, at: Timestamp) -> Prediction {
        let before = next.sessions.len();
        let event = match wish {
            Wish::EndSession { id } => {
                let meant = |session: &Session| {
                    session.id.is_some_and(|known| known.to_string() == *id) && self.is_live(session, at)
                };
                next.sessions.retain(|session| !meant(session));
                if next.sessions.len() == before {
                    return Prediction::refused(Some(caller.id), Refusal::NotFound);
                }
                Event::SessionEnded
            }
            Wish::EndOtherSessions => {
                next.sessions.retain(|session| caller.session().is_some() && session.id == caller.session());
                if next.sessions.len() == before {
                    return Prediction::granted(Some(caller.id));
                }
                Event::SessionEnded
            }
            _ => {
                next.sessions.retain(|session| session.id != caller.session());
                Event::SignedOut
            }
        };
        Prediction::written(next, vec![caller.did(event)])
    }
}
