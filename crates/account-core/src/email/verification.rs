//! Proving that an address is the user's: a token by mail.

use crate::accounts::Decision;
use crate::activity::Event;
use crate::email::{Email, Emails};
use crate::error::Error;
use crate::id::Digest;
use crate::mail::{MailTokenPurpose, mint_token, replace_token};
use crate::principal::Actor;
use crate::profile::Login;
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
        let Some(login) = Login::parse(email.as_str()) else { return Ok(()) };
        let Some(id) = inner.store.account_by_login(&login).await? else { return Ok(()) };
        let Some(account) = inner.store.account(id).await? else { return Ok(()) };
        let (token, mail_id) = (mint_token(&*inner.entropy)?, self.0.mail_id()?);
        let decided = self.0.decide(Actor::Claimant(id, account.uid), |state, now| {
            if state.account.email_verified_at.is_some() || state.account.disabled_at.is_some() {
                return Decision::unchanged(());
            }
            let purpose = MailTokenPurpose::EmailVerification;
            replace_token(self.0, state, purpose, &token, mail_id, now).map(|changes| (changes, ())).into()
        });
        match decided.await {
            // Deleted meanwhile: nobody to write to.
            Err(Error::Unauthenticated) => Ok(()),
            other => other,
        }
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
