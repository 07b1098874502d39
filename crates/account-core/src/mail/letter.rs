//! What a queued mail says, before it is put into words. Sealed in the outbox: it names people, and
//! some carry a token.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::accounts::Accounts;
use crate::error::Error;
use crate::id::{AccountUid, Digest, MailId};
use crate::mail::QueuedMail;
use crate::ports::keyring::{OpenError, Purpose};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

/// What the user is told of, without being asked for anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Notice {
    /// The address changed; goes to the old one and to the new one.
    EmailChanged,
    /// The password changed.
    PasswordChanged,
    /// The second factor was turned on.
    TwoFactorEnabled,
    /// The second factor was turned off.
    TwoFactorDisabled,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An API key was made.
    ApiKeyCreated,
    /// An SSH key was added.
    SshKeyAdded,
    /// Somebody with the right password keeps guessing at the second factor.
    SecondFactorGuessed,
}

/// A letter. Those with a token are the only place where it is, and gone once delivered.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(crate) enum Letter {
    /// Somebody asked for a reset of this address's password; whether anybody has it is found out later.
    ResetRequest { email: String, ip: Option<IpAddr>, user_agent: Option<String> },
    /// Somebody asked for a proof of this address; whether anybody has it is found out later.
    VerifyRequest { email: String },
    /// A link to choose a new password.
    Reset { to: String, token: String },
    /// A token that proves the address.
    Verify { to: String, token: String },
    /// Something happened.
    Notice { to: String, notice: Notice, at: i64 },
}

impl Drop for Letter {
    fn drop(&mut self) {
        if let Self::Reset { token, .. } | Self::Verify { token, .. } = self {
            zeroize::Zeroize::zeroize(token);
        }
    }
}

/// What a queued mail hangs on.
pub(crate) struct Slot {
    pub(crate) id: MailId,
    pub(crate) account: Option<AccountUid>,
    pub(crate) token: Option<Digest>,
}

impl Accounts {
    /// A fresh mail's name, made before the decision that sends it.
    pub(crate) fn mail_id(&self) -> Result<MailId, Error> {
        Ok(MailId::generate(&*self.inner.entropy)?)
    }

    /// A letter as the outbox keeps it.
    pub(crate) fn seal_letter(
        &self,
        slot: &Slot,
        letter: &Letter,
        now: Timestamp,
    ) -> Result<QueuedMail, Error> {
        let text = serde_json::to_vec(letter).map(Zeroizing::new).map_err(|e| Error::Corrupt(Box::new(e)))?;
        let context: [&[u8]; 1] = [slot.id.as_bytes()];
        let letter = self.inner.keyring.seal(&*self.inner.entropy, Purpose::Mail, &context, &text)?;
        let Slot { id, account, token } = *slot;
        Ok(QueuedMail { id, account, token, letter, attempts: 0, due_at: now, created_at: now })
    }

    pub(crate) fn open_letter(&self, mail: &QueuedMail) -> Result<Option<Letter>, Error> {
        match self.inner.keyring.open(Purpose::Mail, &[mail.id.as_bytes()], &mail.letter) {
            Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|e| Error::Corrupt(Box::new(e))),
            Err(OpenError::UnknownKey(key)) => Err(Error::UnknownKey(key)),
            Err(OpenError::Forged) => Ok(None),
        }
    }

    /// Queues a notice to the account's own address, in the commit of what it tells of. Nothing where
    /// no mail is sent.
    pub(crate) fn notify(
        &self,
        state: &AccountState,
        id: MailId,
        notice: Notice,
        now: Timestamp,
    ) -> Result<Option<Change>, Error> {
        self.notify_at(state, state.account.email.as_str(), id, notice, now)
    }

    /// The same, to another address.
    pub(crate) fn notify_at(
        &self,
        state: &AccountState,
        to: &str,
        id: MailId,
        notice: Notice,
        now: Timestamp,
    ) -> Result<Option<Change>, Error> {
        if !self.inner.policy.mail {
            return Ok(None);
        }
        let slot = Slot { id, account: Some(state.account.uid), token: None };
        let letter = Letter::Notice { to: to.to_owned(), notice, at: now.as_millis() };
        Ok(Some(Change::Send(self.seal_letter(&slot, &letter, now)?)))
    }
}
