//! Working off the outbox: at least once, with back-off, one worker for each mail.

use std::time::Duration;

use crate::accounts::Accounts;
use crate::error::Error;
use crate::mail::letter::Letter;
use crate::mail::{QueuedMail, message, reset};
use crate::ports::alarm::Alarm;
use crate::ports::mailer::{Mailer, MailerError};
use crate::time::Timestamp;

/// How long one worker has a mail for itself. Longer than a delivery takes; after it, another tries.
const LEASE: Duration = Duration::from_secs(120);

const FIRST_RETRY: Duration = Duration::from_secs(15);
const LAST_RETRY: Duration = Duration::from_secs(3600);

/// How many mails one call works off at the most.
const BATCH: u32 = 20;

/// What one call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Delivery {
    /// How many were handed on.
    pub delivered: u32,
    /// How many will be tried again later.
    pub postponed: u32,
    /// Whether more may be due.
    pub more: bool,
}

impl Accounts {
    /// Works off what is due. Call it every second or so, and again at once while there is
    /// [more](Delivery::more); any number of nodes may do so at once.
    ///
    /// # Errors
    /// Those of the store. A mail that could not be handed on is no error: it is postponed.
    pub async fn deliver_mail(&self, mailer: &dyn Mailer) -> Result<Delivery, Error> {
        let now = self.inner.clock.now();
        let claimed = self.inner.store.claim_mail(now, now.plus(LEASE), BATCH).await?;
        let mut delivery =
            Delivery { more: u32::try_from(claimed.len()) == Ok(BATCH), ..Delivery::default() };
        for mail in &claimed {
            if self.work_off(mail, mailer).await? {
                delivery.delivered = delivery.delivered.saturating_add(1);
            } else {
                delivery.postponed = delivery.postponed.saturating_add(1);
            }
        }
        Ok(delivery)
    }

    /// Whether the mail is done with.
    async fn work_off(&self, mail: &QueuedMail, mailer: &dyn Mailer) -> Result<bool, Error> {
        let Some(letter) = self.open_letter(mail)? else {
            self.inner.alarms.raise(Alarm::Forged { what: "mail", name: mail.id.to_string() });
            self.inner.store.remove_mail(mail.id).await?;
            return Ok(true);
        };
        if let Letter::ResetRequest { email } = &letter {
            reset::answer_request(self, mail, email).await?;
            self.inner.store.remove_mail(mail.id).await?;
            return Ok(true);
        }
        let handed_on = match message::compose(&letter, &self.inner.policy) {
            Some(message) => mailer.deliver(&message).await,
            None => Ok(()),
        };
        match handed_on {
            Ok(()) | Err(MailerError::Never(_)) => {
                self.inner.store.remove_mail(mail.id).await?;
                Ok(true)
            }
            Err(MailerError::NotNow(_)) => {
                self.inner
                    .store
                    .postpone_mail(mail.id, retry_at(self.inner.clock.now(), mail.attempts))
                    .await?;
                Ok(false)
            }
        }
    }
}

fn retry_at(now: Timestamp, attempts: u32) -> Timestamp {
    let doubled = FIRST_RETRY.saturating_mul(1u32.checked_shl(attempts.min(16)).unwrap_or(u32::MAX));
    now.plus(doubled.min(LAST_RETRY))
}
