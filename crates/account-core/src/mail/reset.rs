//! Choosing a new password by mail (contract 8.5 and 8.6, SEC-16).

use zeroize::Zeroizing;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::activity::{Event, Sentence};
use crate::email::Email;
use crate::error::Error;
use crate::id::{Digest, MailId};
use crate::mail::letter::{Letter, Slot};
use crate::mail::{MailToken, MailTokenPurpose, Notice, QueuedMail};
use crate::password::NewPassword;
use crate::ports::entropy::{Entropy, EntropyError};
use crate::principal::Actor;
use crate::profile::Login;
use crate::session::{Client, OpenedSession, Opening, rules};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

/// What a reset came to.
#[derive(Debug)]
pub struct PasswordWasReset {
    /// The session that was opened; `None` where a second factor is on, and the user must sign in.
    pub session: Option<OpenedSession>,
}

/// Recovery by mail; opened by [`Accounts::recovery`].
#[derive(Clone, Copy)]
pub struct Recovery<'a>(pub(crate) &'a Accounts);

impl Recovery<'_> {
    /// Asks for a link by mail. Known and unknown addresses are treated alike, to the row that is
    /// queued: the worker finds out. More than one a minute or five an hour for one address are
    /// dropped silently.
    ///
    /// # Errors
    /// [`Error::TooManyAttempts`] for a client that asks too often.
    pub async fn request(&self, email: &Email, client: &Client) -> Result<(), Error> {
        let inner = &self.0.inner;
        self.0.reserve_by_client("reset-request", client.ip, 2, 20).await?;
        if !self.0.may_mail("reset-mail", email.canonical()).await? || !inner.policy.mail {
            return Ok(());
        }
        let slot = Slot { id: self.0.mail_id()?, account: None, token: None };
        let (email, user_agent) = (email.as_str().to_owned(), client.user_agent().map(Into::into));
        let letter = Letter::ResetRequest { email, ip: client.ip, user_agent };
        let queued = self.0.seal_letter(&slot, &letter, inner.clock.now())?;
        Ok(inner.store.queue_mail(&queued).await?)
    }

    /// Sets a new password with a mailed token. Spends it; all sessions end; without a second factor
    /// the caller is signed in. Whoever has the token reads the address's mail, so that is proven too.
    ///
    /// # Errors
    /// [`Error::WrongMailToken`] alike for unknown tokens, spent ones, and other people's addresses;
    /// [`Error::TooManyAttempts`] for a client that guesses; [`Error::Busy`].
    pub async fn reset(
        &self,
        token: &str,
        email: &Email,
        new: &NewPassword,
        client: &Client,
    ) -> Result<PasswordWasReset, Error> {
        let inner = &self.0.inner;
        self.0.reserve_by_client("reset", client.ip, 10, 100).await?;
        let digest = Digest::of(token.as_bytes());
        let id = inner.store.account_by_mail_token(&digest).await?.ok_or(Error::WrongMailToken)?;
        let account = inner.store.account(id).await?.ok_or(Error::WrongMailToken)?;
        if account.email.canonical() != email.canonical() {
            return Err(Error::WrongMailToken);
        }
        self.0.refuse_own_names(&account, new)?;
        let hash = self.0.hash(account.uid, new).await?;
        let (opened, notice) = (self.0.new_session()?, self.0.mail_id()?);
        let recorder = self.0.recorder_without_actor(Some(account.uid), client.ip)?.by_owner();
        let (verifying, signing_in) =
            (recorder.another(&*inner.entropy)?, recorder.another(&*inner.entropy)?);
        let properties = client.properties();
        let decided = self.0.decide(Actor::Claimant(id, account.uid), |state, now| {
            let rule = || -> Result<(Vec<Change>, bool), Error> {
                self.spendable(state, &digest, MailTokenPurpose::PasswordReset, now)?;
                let event = (Event::PasswordReset, &properties[..]);
                let mut changes = self.0.set_password(state, &hash, &recorder, event, now)?;
                if state.account.email_verified_at.is_none() {
                    let email = state.account.email.clone();
                    changes.push(Change::SetEmail { email, verified_at: Some(now) });
                    changes.push(verifying.change(Event::EmailVerified, &[], now));
                }
                let signed_in = state.two_factor.is_none();
                if signed_in {
                    let opening = Opening { id: opened.id, token: &opened.token, client };
                    let epoch = state.account.password_epoch.next();
                    let (limits, keyring) = (&inner.policy.limits, &inner.keyring);
                    changes.extend(rules::open(state, &opening, epoch, limits, keyring, now));
                    changes.push(signing_in.change(Event::SignedIn, &properties, now));
                }
                changes.extend(self.0.notify(state, notice, Notice::PasswordChanged, now)?);
                Ok((changes, signed_in))
            };
            rule().into()
        });
        let signed_in = decided.await.map_err(gone_is_wrong_token)?;
        if signed_in {
            self.0.remember_client(account.uid, client.ip).await;
        }
        Ok(PasswordWasReset { session: signed_in.then_some(opened) })
    }

    /// A token counts while it is there, young, for this, for the present address, and the password
    /// is the one it was made under.
    pub(crate) fn spendable(
        &self,
        state: &AccountState,
        digest: &Digest,
        purpose: MailTokenPurpose,
        now: Timestamp,
    ) -> Result<(), Error> {
        let lifetime = self.0.inner.policy.lifetimes.of_token(purpose);
        let account = &state.account;
        let right = state.mail_tokens.iter().any(|token| {
            token.token == *digest
                && token.purpose == purpose
                && token.email.same_address(&account.email)
                && token.password_epoch == account.password_epoch
                && account.disabled_at.is_none()
                && token.created_at.is_within(lifetime, now)
        });
        if right { Ok(()) } else { Err(Error::WrongMailToken) }
    }
}

/// Finds out whether somebody has the address, and if so makes the token and queues its mail, in the
/// commit that takes the request away.
pub(crate) async fn answer_request(
    accounts: &Accounts,
    request: &QueuedMail,
    letter: &Letter,
) -> Result<(), Error> {
    let Letter::ResetRequest { email, ip, user_agent } = letter else { return Ok(()) };
    let Some(account) = whose(accounts, email).await? else { return Ok(()) };
    let client = Client { ip: *ip, user_agent: user_agent.clone() };
    if account.disabled_at.is_some() {
        return Ok(());
    }
    let token = mint_token(&*accounts.inner.entropy)?;
    let mail_id = accounts.mail_id()?;
    let recorder = accounts.recorder_without_actor(Some(account.uid), client.ip)?;
    let properties = client.properties();
    let decided = accounts.decide(Actor::Claimant(account.id, account.uid), |state, now| {
        let rule = || -> Result<(Vec<Change>, ()), Error> {
            // Disabled, or at another address, since it was looked up.
            if state.account.disabled_at.is_some() || !state.account.email.same_address(&account.email) {
                return Ok((Vec::new(), ()));
            }
            let purpose = MailTokenPurpose::PasswordReset;
            let mut changes = replace_token(accounts, state, purpose, &token, mail_id, now)?;
            let mut entry = recorder.entry(Event::ResetRequested, &properties, now);
            entry.description = Sentence::parse("sending password reset email").ok();
            changes.push(Change::Record(entry));
            changes.push(Change::RemoveMail(request.id));
            Ok((changes, ()))
        };
        rule().into()
    });
    match decided.await {
        // Deleted meanwhile: nobody to write to.
        Err(Error::Unauthenticated) => Ok(()),
        other => other,
    }
}

/// Who has the address, if anybody.
pub(crate) async fn whose(accounts: &Accounts, email: &str) -> Result<Option<Account>, Error> {
    let Some(login) = Login::parse(email) else { return Ok(None) };
    match accounts.inner.store.account_by_login(&login).await? {
        // Two reads: it may be at another address by the second.
        Some(id) => {
            let found = accounts.inner.store.account(id).await?;
            Ok(found.filter(|account| account.email.canonical() == login.key()))
        }
        None => Ok(None),
    }
}

/// A new token in the place of older ones for the same purpose, and its mail.
pub(crate) fn replace_token(
    accounts: &Accounts,
    state: &AccountState,
    purpose: MailTokenPurpose,
    token: &Zeroizing<String>,
    mail_id: MailId,
    now: Timestamp,
) -> Result<Vec<Change>, Error> {
    let older = state.mail_tokens.iter().filter(|old| old.purpose == purpose);
    let mut changes: Vec<Change> =
        older.flat_map(|old| [Change::WithdrawMail(old.token), Change::RemoveMailToken(old.token)]).collect();
    // The stored spelling, never the requested one: two addresses may look alike (SEC-16, SEC-56).
    changes.extend(add_token(accounts, state, &state.account.email, purpose, token, mail_id, now)?);
    Ok(changes)
}

/// A new token for this address, and its mail.
pub(crate) fn add_token(
    accounts: &Accounts,
    state: &AccountState,
    email: &Email,
    purpose: MailTokenPurpose,
    token: &Zeroizing<String>,
    mail_id: MailId,
    now: Timestamp,
) -> Result<[Change; 2], Error> {
    let (account, digest) = (&state.account, Digest::of(token.as_bytes()));
    let (to, token) = (email.as_str().to_owned(), token.to_string());
    let letter = match purpose {
        MailTokenPurpose::PasswordReset => Letter::Reset { to, token },
        MailTokenPurpose::EmailVerification => Letter::Verify { to, token },
    };
    let slot = Slot { id: mail_id, account: Some(account.uid), token: Some(digest) };
    let added = MailToken {
        token: digest,
        purpose,
        email: email.to_canonical(),
        password_epoch: account.password_epoch,
        created_at: now,
    };
    Ok([Change::AddMailToken(added), Change::Send(accounts.seal_letter(&slot, &letter, now)?)])
}

/// 256 random bits as 64 hexadecimal digits (contract 9.1).
pub(crate) fn mint_token(entropy: &dyn Entropy) -> Result<Zeroizing<String>, EntropyError> {
    let mut bytes = Zeroizing::new([0u8; 32]);
    entropy.fill(&mut *bytes)?;
    Ok(Zeroizing::new(data_encoding::HEXLOWER.encode(&*bytes)))
}

fn gone_is_wrong_token(error: Error) -> Error {
    if matches!(error, Error::Unauthenticated) { Error::WrongMailToken } else { error }
}
