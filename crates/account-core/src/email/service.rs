//! Changing the e-mail address (contract 3.2).

use crate::accounts::{Accounts, DAY, Decision};
use crate::activity::Event;
use crate::email::Email;
use crate::error::Error;
use crate::mail::{self, MailTokenPurpose, Notice};
use crate::password::PasswordProof;
use crate::policy::Operation;
use crate::ports::throttle::{Refill, Verdict};
use crate::principal::{Actor, Principal};
use crate::store::Change;

/// Changes of the address a day (contract 1.6). Every well-formed try counts whose password was
/// right and whose address differs, taken or not: else it would tell who has an account (F-4).
const CHANGES_A_DAY: u32 = 3;

/// The e-mail address; opened by [`Accounts::emails`].
#[derive(Clone, Copy)]
pub struct Emails<'a>(pub(crate) &'a Accounts);

impl Emails<'_> {
    /// Changes the address. The same one, whatever its case, changes nothing and counts for nothing. Where
    /// policy wants a proven address to sign in, the mail to prove the new one goes out with the change.
    ///
    /// # Errors
    /// [`Error::Invalid`] if another account has it; [`Error::TooManyEmailChanges`];
    /// [`Error::WrongPassword`] if the password changed since it was proven.
    pub async fn change(&self, who: &Principal, proof: &PasswordProof, email: &Email) -> Result<(), Error> {
        self.0.permits(who, Operation::ChangeEmail)?;
        let current = self.0.inner.store.account(who.account().id).await?.ok_or(Error::Unauthenticated)?;
        if current.email.same_address(email) {
            return Ok(());
        }
        let recorder = self.0.recorder(who)?;
        let (to_old, to_new) = (self.0.mail_id()?, self.0.mail_id()?);
        let policy = &self.0.inner.policy;
        let to_prove = if policy.mail && policy.verified_email_required {
            Some((self.0.mail_id()?, mail::mint_token(&*self.0.inner.entropy)?))
        } else {
            None
        };
        let uid = who.account().uid;
        let budget = self.0.budget("email-change", &[uid.as_bytes()], CHANGES_A_DAY, DAY, Refill::AllAtOnce);
        let now = self.0.now();
        if let Verdict::Wait(wait) = self.0.reserve(&[budget], now).await? {
            return Err(Error::TooManyEmailChanges(wait));
        }
        let changed = self.0.decide(Actor::Principal(who), |state, now| {
            if !proof.holds(state) {
                return Decision::refused(Error::WrongPassword);
            }
            let old = &state.account.email;
            if old.same_address(email) {
                return Decision::unchanged(());
            }
            let rule = || -> Result<(Vec<Change>, ()), Error> {
                let properties = [("old", old.as_str().to_owned()), ("new", email.as_str().to_owned())];
                let mut changes = vec![Change::SetEmail { email: email.clone(), verified_at: None }];
                changes.extend(mail::withdraw_tokens(state));
                changes.push(recorder.change(Event::EmailChanged, &properties, now));
                changes.extend(self.0.notify(state, to_old, Notice::EmailChanged, now)?);
                changes.extend(self.0.notify_at(state, email.as_str(), to_new, Notice::EmailChanged, now)?);
                if let Some((mail_id, token)) = &to_prove {
                    let purpose = MailTokenPurpose::EmailVerification;
                    changes.extend(mail::add_token(self.0, state, email, purpose, token, *mail_id, now)?);
                }
                Ok((changes, ()))
            };
            rule().into()
        });
        let changed = changed.await;
        if matches!(changed, Err(Error::Unavailable(_) | Error::Contended | Error::Corrupt(_))) {
            self.0.give_budgets_back(&[budget], now).await;
        }
        changed
    }
}
