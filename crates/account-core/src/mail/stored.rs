//! Tokens that travel by mail, and mail that waits to be delivered.

use crate::email::Email;
use crate::id::{AccountUid, Digest, MailId, PasswordEpoch};
use crate::malformed::Malformed;
use crate::ports::keyring::Sealed;
use crate::time::Timestamp;

/// What a mailed token is for; one made for the one never serves the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailTokenPurpose {
    /// Choosing a new password.
    PasswordReset,
    /// Proving that the address is the user's.
    EmailVerification,
}

impl MailTokenPurpose {
    /// The stored name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PasswordReset => "password-reset",
            Self::EmailVerification => "email-verification",
        }
    }

    /// From the stored name.
    ///
    /// # Errors
    /// [`Malformed`] for any other text.
    pub fn from_stored(text: &str) -> Result<Self, Malformed> {
        [Self::PasswordReset, Self::EmailVerification]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
            .ok_or(Malformed("mail token purpose"))
    }
}

/// A mailed token's row. It dies with any change of password or e-mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailToken {
    /// SHA-256 of the token, unique in the store; its name.
    pub token: Digest,
    /// What it is for.
    pub purpose: MailTokenPurpose,
    /// The address it was sent to, in its [canonical form](Email::to_canonical).
    pub email: Email,
    /// The account's password epoch when it was made.
    pub password_epoch: PasswordEpoch,
    /// When it was made; it expires by policy.
    pub created_at: Timestamp,
}

/// A mail in the outbox. Recipient and text are sealed; the row is gone once it is delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its name.
    pub id: MailId,
    /// Whose mail it is; `None` for a request that names an address which may be nobody's.
    pub account: Option<AccountUid>,
    /// The token it carries, by digest: with the token withdrawn, so is the mail.
    pub token: Option<Digest>,
    /// The sealed letter.
    pub letter: Sealed,
    /// How often delivery was begun.
    pub attempts: u32,
    /// Not before this time.
    pub due_at: Timestamp,
    /// When it was queued.
    pub created_at: Timestamp,
}
