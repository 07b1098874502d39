//! Proving that an address is the user's: a token by mail.

use crate::accounts::{Accounts, Decision};
use crate::activity::Event;
use crate::email::{Email, Emails};
use crate::error::Error;
use crate::id::Digest;
use crate::mail::{Letter, MailTokenPurpose, QueuedMail, Slot, mint_token, replace_token, whose};
use crate::principal::Actor;
use crate::session::Client;
use crate::store::Change;

impl Emails<'_> {
    /// Sends a verification mail to an address that some account has and has not proven yet. Answers
    /// alike for every address; at most one a minute and five an hour for one.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] for a client that asks too often.
    pub async fn request_verification(&self, email: &Email, client: &Client) -> Result<(), Error> {
        let inner = &self.0.inner;
        self.0.reserve_by_client("verification-request", client.ip, 2, 20).await?;
        if !self.0.may_mail("verification-mail", email.canonical()).await? || !inner.policy.mail {
            return Ok(());
        }
        let slot = Slot { id: self.0.mail_id()?, account: None, token: None };
        let letter = Letter::VerifyRequest { email: email.as_str().to_owned() };
        let queued = self.0.seal_letter(&slot, &letter, inner.clock.now())?;
        Ok(inner.store.queue_mail(&queued).await?)
    }

    /// Proves the address with a mailed token, and spends it.
    ///
    /// # Errors
    /// [`Error::WrongMailToken`] alike for every token that does not count; [`Error::TooManyAttempts`].
    pub async fn verify(&self, token: &str, client: &Client) -> Result<(), Error> {
        let inner = &self.0.inner;
        self.0.reserve_by_client("verification", client.ip, 10, 100).await?;
        let digest = Digest::of(token.as_bytes());
        let id = inner.store.account_by_mail_token(&digest).await?.ok_or(Error::WrongMailToken)?;
        let account = inner.store.account(id).await?.ok_or(Error::WrongMailToken)?;
        let recorder = self.0.recorder_without_actor(Some(account.uid), client.ip)?.by_owner();
        let decided = self.0.decide(Actor::Claimant(id, account.uid), |state, now| {
            let purpose = MailTokenPurpose::EmailVerification;
            if let Err(error) = self.0.recovery().spendable(state, &digest, purpose, now) {
                return Decision::refused(error);
            }
            let changes = vec![
                Change::SetEmail { email: state.account.email.clone(), verified_at: Some(now) },
                Change::WithdrawMail(digest),
                Change::RemoveMailToken(digest),
                recorder.change(Event::EmailVerified, &[], now),
            ];
            Decision::committed(changes, ())
        });
        decided.await.map_err(|error| {
            if matches!(error, Error::Unauthenticated) { Error::WrongMailToken } else { error }
        })
    }
}

/// Finds out whether somebody has the address and has not proven it, and if so makes the token and
/// queues its mail, in the commit that takes the request away.
pub(crate) async fn answer_request(
    accounts: &Accounts,
    request: &QueuedMail,
    email: &str,
) -> Result<(), Error> {
    let Some(account) = whose(accounts, email).await? else { return Ok(()) };
    let (token, mail_id) = (mint_token(&*accounts.inner.entropy)?, accounts.mail_id()?);
    let decided = accounts.decide(Actor::Claimant(account.id, account.uid), |state, now| {
        let present = &state.account;
        // At another address since it was looked up: nobody asked for a mail to that one.
        let asked_for = present.email.same_address(&account.email);
        if !asked_for || present.email_verified_at.is_some() || present.disabled_at.is_some() {
            return Decision::unchanged(());
        }
        let purpose = MailTokenPurpose::EmailVerification;
        let replaced = replace_token(accounts, state, purpose, &token, mail_id, now).map(|mut changes| {
            changes.push(Change::RemoveMail(request.id));
            (changes, ())
        });
        replaced.into()
    });
    match decided.await {
        // Deleted meanwhile: nobody to write to.
        Err(Error::Unauthenticated) => Ok(()),
        other => other,
    }
}
