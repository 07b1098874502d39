//! Working off the outbox: at least once, with back-off, one worker for each mail.

use std::time::Duration;

use crate::accounts::Accounts;
use crate::email::verification;
use crate::error::Error;
use crate::mail::letter::Letter;
use crate::mail::{MailTokenPurpose, QueuedMail, message, reset};
use crate::ports::alarm::Alarm;
use crate::ports::mailer::{Mailer, MailerError};
use crate::time::Timestamp;

/// How long one worker has a batch for itself. After it, another may try what is left.
const LEASE: Duration = Duration::from_secs(120);

const FIRST_RETRY: Duration = Duration::from_secs(15);
const LAST_RETRY: Duration = Duration::from_secs(3600);

/// How many mails one call works off at the most.
const BATCH: u32 = 20;

/// What one call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// How many are done with: handed on, or found to be for nobody.
    pub done: u32,
    /// How many will be tried again later.
    pub postponed: u32,
    /// How many were dropped, since nobody can have their address.
    pub dropped: u32,
    /// Whether more may be due.
    pub more: bool,
}

enum Outcome {
    Done,
    Postponed,
    Dropped,
}

impl Accounts {
    /// Works off what is due. Call it every second or so, and again at once while there is
    /// [more](Delivery::more); any number of nodes may do so at once.
    ///
    /// # Errors
    /// Those of the store when it is asked for mail. A mail that could not be worked off, for whatever
    /// reason, is postponed and does not hold up the others.
    pub async fn deliver_mail(&self, mailer: &dyn Mailer) -> Result<Delivery, Error> {
        let now = self.inner.clock.now();
        let until = now.plus(LEASE);
        let claimed = self.inner.store.claim_mail(now, until, BATCH).await?;
        let mut delivery =
            Delivery { more: u32::try_from(claimed.len()) == Ok(BATCH), ..Delivery::default() };
        for mail in &claimed {
            // The lease has run out: another worker may have the rest.
            if self.inner.clock.now() >= until {
                break;
            }
            let outcome = match self.work_off(mail, mailer).await {
                Ok(outcome) => outcome,
                Err(error) => self.put_off(mail, &error).await?,
            };
            let count = match outcome {
                Outcome::Done => &mut delivery.done,
                Outcome::Postponed => &mut delivery.postponed,
                Outcome::Dropped => &mut delivery.dropped,
            };
            *count = count.saturating_add(1);
        }
        Ok(delivery)
    }

    async fn work_off(&self, mail: &QueuedMail, mailer: &dyn Mailer) -> Result<Outcome, Error> {
        let Some(letter) = self.open_letter(mail)? else {
            self.inner.alarms.raise(Alarm::Forged { what: "mail", name: mail.id.to_string() });
            return self.done(mail, Outcome::Dropped).await;
        };
        match &letter {
            Letter::ResetRequest { .. } => {
                reset::answer_request(self, mail, &letter).await?;
                return self.done(mail, Outcome::Done).await;
            }
            Letter::VerifyRequest { email } => {
                verification::answer_request(self, mail, email).await?;
                return self.done(mail, Outcome::Done).await;
            }
            Letter::Reset { .. } | Letter::Verify { .. }
                if !self.token_still_serves(mail, &letter).await? =>
            {
                return self.done(mail, Outcome::Done).await;
            }
            Letter::Reset { .. } | Letter::Verify { .. } | Letter::Notice { .. } => {}
        }
        let handed_on = match message::compose(mail.id, &letter, &self.inner.policy) {
            Some(message) => mailer.deliver(&message).await,
            None => Ok(()),
        };
        match handed_on {
            Ok(()) => self.done(mail, Outcome::Done).await,
            Err(MailerError::Never(_)) => self.done(mail, Outcome::Dropped).await,
            Err(MailerError::NotNow(_)) => self.postpone(mail).await,
        }
    }

    async fn done(&self, mail: &QueuedMail, outcome: Outcome) -> Result<Outcome, Error> {
        self.inner.store.remove_mail(mail.id).await?;
        Ok(outcome)
    }

    async fn postpone(&self, mail: &QueuedMail) -> Result<Outcome, Error> {
        let due_at = retry_at(self.inner.clock.now(), mail.attempts);
        self.inner.store.postpone_mail(mail.id, due_at).await?;
        Ok(Outcome::Postponed)
    }

    async fn put_off(&self, mail: &QueuedMail, error: &Error) -> Result<Outcome, Error> {
        if let Error::UnknownKey(key) = error {
            self.inner.alarms.raise(Alarm::UnknownKey { key: key.to_string() });
        }
        self.postpone(mail).await
    }

    /// A link whose token was spent, withdrawn or has expired while the mail waited is not sent.
    async fn token_still_serves(&self, mail: &QueuedMail, letter: &Letter) -> Result<bool, Error> {
        let purpose = match letter {
            Letter::Verify { .. } => MailTokenPurpose::EmailVerification,
            _ => MailTokenPurpose::PasswordReset,
        };
        let Some(token) = mail.token else { return Ok(false) };
        let lifetime = self.inner.policy.lifetimes.of_token(purpose);
        if !mail.created_at.is_within(lifetime, self.inner.clock.now()) {
            return Ok(false);
        }
        Ok(self.inner.store.account_by_mail_token(&token).await?.is_some())
    }
}

fn retry_at(now: Timestamp, attempts: u32) -> Timestamp {
    let doubled = FIRST_RETRY.saturating_mul(1u32.checked_shl(attempts.min(16)).unwrap_or(u32::MAX));
    now.plus(doubled.min(LAST_RETRY))
}
