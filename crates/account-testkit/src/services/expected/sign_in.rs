//! Signing in, and getting back in by mail.

use std::net::IpAddr;

use account_core::activity::Event;
use account_core::id::{AccountId, Digest};
use account_core::mail::{MailTokenPurpose, MessageKind, Notice};
use account_core::time::Timestamp;

use super::super::answer::Refusal;
use super::super::request::Factor;
use super::person::{Confirmation, Person, add};
use super::{Entry, Prediction, Town, is_young};

impl Town {
    /// The account, if the name is somebody's and the password theirs; or the refusal.
    fn right_password<'p>(
        &self,
        found: Option<&'p Person>,
        password: &str,
        from: IpAddr,
    ) -> Result<&'p Person, Box<Prediction>> {
        let right = found.filter(|person| person.password == password && person.disabled_at.is_none());
        let person = right.ok_or_else(|| {
            let failed = Entry::by_nobody(Event::SignInFailed, found.map(|person| person.uid), Some(from));
            let refused = Prediction::refused(found.map(|person| person.id), Refusal::SignInRefused);
            Box::new(refused.recording(failed))
        })?;
        if self.awaits_verification(person) {
            return Err(Box::new(Prediction::refused(Some(person.id), Refusal::EmailNotVerified)));
        }
        Ok(person)
    }

    fn awaits_verification(&self, person: &Person) -> bool {
        self.policy.verified_email_required && person.verified_at.is_none()
    }

    /// Sets a password; where policy says so, keys go, each with an entry of its own.
    pub(super) fn set_password(&self, next: &mut Person, new: &str, entry: Entry) -> Vec<Entry> {
        next.set_password(new);
        let mut entries = Vec::new();
        if self.policy.revoke_api_keys_on_password_change {
            entries.extend(next.keys.drain(..).map(|_| Entry { event: Event::ApiKeyDeleted, ..entry }));
        }
        entries.push(entry);
        entries
    }

    fn open(&self, next: &mut Person, from: IpAddr, at: Timestamp) -> Entry {
        next.open_session(self.policy.limits.sessions, at);
        Entry::by_owner(Event::SignedIn, next.uid, Some(from))
    }

    pub(super) fn sign_in(
        &self,
        found: Option<&Person>,
        password: &str,
        from: IpAddr,
        at: Timestamp,
    ) -> Prediction {
        let person = match self.right_password(found, password, from) {
            Ok(person) => person,
            Err(refused) => return *refused,
        };
        let mut next = raised(person);
        if person.factor.is_none() {
            let entry = self.open(&mut next, from, at);
            return Prediction::written(next, vec![entry]);
        }
        while next.confirmations.len() >= self.policy.limits.pending_sign_ins.max(1) {
            next.confirmations.remove(0);
        }
        let pending = Confirmation { token: None, tries: 0, created_at: at };
        add(&mut next.confirmations, pending, |pending| pending.created_at);
        let entry = Entry::by_nobody(Event::Checkpoint, Some(next.uid), Some(from));
        Prediction::written(next, vec![entry])
    }

    pub(super) fn sign_in_with_both(
        &self,
        found: Option<&Person>,
        password: &str,
        factor: &Factor,
        from: IpAddr,
        at: Timestamp,
    ) -> Prediction {
        let person = match self.right_password(found, password, from) {
            Ok(person) => person,
            Err(refused) => return *refused,
        };
        if person.factor.is_some() && self.spends(person, factor, at).is_none() {
            let entry = Entry::by_nobody(Event::SignInFailed, Some(person.uid), Some(from));
            return Prediction::written(raised(person), vec![entry]).but_refused(wrong(factor));
        }
        self.complete(person, factor, raised(person), from, at)
    }

    /// The second step of a sign-in.
    pub(super) fn confirm(&self, token: &str, factor: &Factor, from: IpAddr, at: Timestamp) -> Prediction {
        let token = Digest::of(token.as_bytes());
        let found = self.people().find_map(|person| {
            let index = person.confirmations.iter().position(|pending| pending.token == Some(token));
            index.map(|index| (person, index))
        });
        let Some((person, index)) = found else {
            return Prediction::refused(None, Refusal::SignInExpired);
        };
        let mut next = raised(person);
        let pending = next.confirmations.remove(index);
        let lifetime = self.policy.lifetimes.pending_sign_in;
        if person.disabled_at.is_some() || !is_young(pending.created_at, lifetime, at) {
            return Prediction::refused(Some(person.id), Refusal::SignInExpired);
        }
        if self.spends(person, factor, at).is_some() {
            return self.complete(person, factor, next, from, at);
        }
        let tries = pending.tries.saturating_add(1);
        let ends = tries >= self.policy.limits.second_factor_tries;
        if !ends {
            next.confirmations.insert(index, Confirmation { tries, ..pending });
        }
        let entry = Entry::by_nobody(Event::SignInFailed, Some(person.uid), Some(from));
        let refused = Prediction::written(next, vec![entry]).but_refused(wrong(factor));
        if ends { refused.telling(&person.email, Notice::SecondFactorGuessed) } else { refused }
    }

    /// Everything was right: spends the second factor if there is one, and opens the session.
    fn complete(
        &self,
        person: &Person,
        factor: &Factor,
        mut next: Person,
        from: IpAddr,
        at: Timestamp,
    ) -> Prediction {
        let spent = self.spends(person, factor, at);
        let mut entries: Vec<Entry> = spent.iter().map(|spent| spent.spend(&mut next, from)).collect();
        entries.push(self.open(&mut next, from, at));
        let signed_in = Prediction::written(next, entries);
        let told = spent.is_some_and(|spent| spent.is_told());
        if told { signed_in.telling(&person.email, Notice::RecoveryCodeUsed) } else { signed_in }
    }

    /// Whose mailed token this is, if it counts, and its place.
    fn spendable(
        &self,
        token: &str,
        purpose: MailTokenPurpose,
        at: Timestamp,
    ) -> Result<(&Person, usize), Option<&Person>> {
        let lifetime = match purpose {
            MailTokenPurpose::PasswordReset => self.policy.lifetimes.reset_token,
            MailTokenPurpose::EmailVerification => self.policy.lifetimes.verification_token,
        };
        let token = Digest::of(token.as_bytes());
        let (person, index, mailed) = self
            .people()
            .find_map(|person| {
                let index = person.mailed.iter().position(|mailed| mailed.token == Some(token))?;
                person.mailed.get(index).map(|mailed| (person, index, mailed))
            })
            .ok_or(None)?;
        let young = is_young(mailed.created_at, lifetime, at);
        if young && mailed.purpose == purpose && person.disabled_at.is_none() {
            Ok((person, index))
        } else {
            Err(Some(person))
        }
    }

    pub(super) fn reset(
        &self,
        token: &str,
        email: &str,
        new: &str,
        from: IpAddr,
        at: Timestamp,
    ) -> Prediction {
        let person = match self.spendable(token, MailTokenPurpose::PasswordReset, at) {
            Ok((person, _)) if person.has_address(email) => person,
            Ok((person, _)) | Err(Some(person)) => {
                return Prediction::refused(Some(person.id), Refusal::WrongMailToken);
            }
            Err(None) => return Prediction::refused(None, Refusal::WrongMailToken),
        };
        let mut next = raised(person);
        let entry = Entry::by_owner(Event::PasswordReset, person.uid, Some(from));
        let mut entries = self.set_password(&mut next, new, entry);
        if next.verified_at.is_none() {
            next.verified_at = Some(at);
            entries.push(Entry::by_owner(Event::EmailVerified, person.uid, Some(from)));
        }
        if person.factor.is_none() {
            entries.push(self.open(&mut next, from, at));
        }
        Prediction::written(next, entries).telling(&person.email, Notice::PasswordChanged)
    }

    pub(super) fn verify(&self, token: &str, from: IpAddr, at: Timestamp) -> Prediction {
        match self.spendable(token, MailTokenPurpose::EmailVerification, at) {
            Ok((person, index)) => {
                let mut next = raised(person);
                next.verified_at = Some(at);
                next.mailed.remove(index);
                Prediction::written(next, vec![Entry::by_owner(Event::EmailVerified, person.uid, Some(from))])
            }
            Err(person) => Prediction::refused(person.map(|person| person.id), Refusal::WrongMailToken),
        }
    }

    /// What working off a request for a reset must write, if anything.
    pub(crate) fn answer_reset(&self, id: AccountId, from: Option<IpAddr>, at: Timestamp) -> Prediction {
        let Some(person) = self.person(id).filter(|person| person.disabled_at.is_none()) else {
            return Prediction::granted(Some(id));
        };
        let mut next = raised(person);
        next.replace_mailed(MailTokenPurpose::PasswordReset, at);
        let entry = Entry::by_nobody(Event::ResetRequested, Some(person.uid), from);
        Prediction::written(next, vec![entry]).mailing(&person.email, MessageKind::PasswordReset)
    }

    /// What working off a request for a verification must write, if anything.
    pub(crate) fn answer_verification(&self, id: AccountId, at: Timestamp) -> Prediction {
        let awaits = |person: &&Person| person.verified_at.is_none() && person.disabled_at.is_none();
        let Some(person) = self.person(id).filter(awaits) else {
            return Prediction::granted(Some(id));
        };
        let mut next = raised(person);
        next.replace_mailed(MailTokenPurpose::EmailVerification, at);
        Prediction::written(next, Vec::new()).mailing(&person.email, MessageKind::EmailVerification)
    }
}

/// The account as it is after one more commit.
pub(crate) fn raised(person: &Person) -> Person {
    Person { revision: person.revision.saturating_add(1), ..person.clone() }
}

fn wrong(factor: &Factor) -> Refusal {
    match factor {
        Factor::Totp(_) => Refusal::WrongSecondFactor,
        Factor::Recovery(_) => Refusal::WrongRecoveryCode,
    }
}
