//! What can come of an operation, by what a caller can do about it.

use std::net::IpAddr;
use std::time::Duration;

use thiserror::Error;

use crate::field::{Fault, FieldErrors};
use crate::ports::entropy::EntropyError;
use crate::ports::hasher::HasherError;
use crate::ports::keyring::{KeyName, OpenError};
use crate::store::{BoxError, StoreError, UniqueKey};

/// What there can be too many of (contract 9.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// API keys on an account.
    ApiKeys,
    /// SSH keys on an account.
    SshKeys,
}

/// Why an operation was refused or could not be done. Nothing was changed, but for
/// [`OutcomeUnknown`](Self::OutcomeUnknown).
///
/// How each is worded to a client is the edge's affair; nothing here holds a secret.
#[derive(Debug, Error)]
pub enum Error {
    /// No credential, or one that does not stand: unknown, expired, ended, of a disabled account.
    #[error("not authenticated")]
    Unauthenticated,
    /// A key of the application kind where a client's key belongs (contract 1.4).
    #[error("a key of the wrong kind")]
    WrongKeyKind,
    /// The key is not for the address it was used from; `None` where the address is unknown.
    #[error("the key is not for this address")]
    AddressNotAllowed(Option<IpAddr>),
    /// Policy demands a second factor and the account has none (contract 1.8).
    #[error("two-factor authentication is required")]
    TwoFactorRequired,
    /// Policy demands a session where a key was used.
    #[error("a session is required")]
    SessionRequired,
    /// A key with an allow-list or an expiry would have made one that is wider (SEC-38).
    #[error("a restricted key cannot make a wider one")]
    WiderThanMaker,
    /// Fields that broke rules.
    #[error("invalid fields: {0}")]
    Invalid(FieldErrors),
    /// The current password is wrong.
    #[error("wrong password")]
    WrongPassword,
    /// The code is wrong, was used before, or there is nothing to confirm with it.
    #[error("wrong two-factor code")]
    WrongCode,
    /// Two-factor authentication is on already.
    #[error("two-factor authentication is already enabled")]
    TwoFactorEnabled,
    /// Two-factor authentication is off.
    #[error("two-factor authentication is not enabled")]
    TwoFactorNotEnabled,
    /// The `Idempotency-Key` named another request less than a day ago (REL-07).
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// The account has as many as it may have.
    #[error("limit reached")]
    LimitReached(Limit),
    /// No such thing on this account.
    #[error("not found")]
    NotFound,
    /// Too many tries; worth trying again after this time.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// Too many changes of the e-mail address today.
    #[error("too many e-mail changes")]
    TooManyEmailChanges(Duration),
    /// Nobody has this name and password.
    #[error("no account matches")]
    SignInRefused,
    /// Too many refused sign-ins; worth trying again after this time.
    #[error("too many sign-in attempts")]
    SignInLockedOut(Duration),
    /// The pending sign-in is gone or has expired.
    #[error("the sign-in has expired")]
    SignInExpired,
    /// The second factor was wrong.
    #[error("the second factor is wrong")]
    WrongSecondFactor,
    /// The recovery code was wrong.
    #[error("the recovery code is wrong")]
    WrongRecoveryCode,
    /// The address is not proven yet, and policy demands that it is.
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    /// The mailed token is unknown, spent or expired.
    #[error("the mailed token is invalid")]
    WrongMailToken,
    /// More work is waiting than can be done soon; worth trying again after this time.
    #[error("too busy")]
    Busy(Duration),
    /// Others kept changing the account; trying again may help.
    #[error("contended")]
    Contended,
    /// The store or another part is not available now; it did not happen.
    #[error("unavailable")]
    Unavailable(#[source] BoxError),
    /// Whether it happened is unknown; look before trying again.
    #[error("the outcome is unknown")]
    OutcomeUnknown(#[source] BoxError),
    /// A row was written under a key that the keyring does not have: an operator's mistake, and an alarm.
    #[error("the keyring lacks the key {0:?}")]
    UnknownKey(KeyName),
    /// A stored row cannot be read.
    #[error("a stored row is corrupt")]
    Corrupt(#[source] BoxError),
}

impl Error {
    /// One broken rule of one field.
    pub(crate) fn field(field: &str, fault: Fault) -> Self {
        Self::Invalid(FieldErrors::one(field, fault))
    }
}

impl From<FieldErrors> for Error {
    fn from(errors: FieldErrors) -> Self {
        Self::Invalid(errors)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Stale => Self::Contended,
            StoreError::Taken(UniqueKey::Email) => Self::field("email", Fault::Taken),
            StoreError::Taken(UniqueKey::Username) => Self::field("username", Fault::Taken),
            StoreError::Taken(UniqueKey::SshKey) => Self::field("public_key", Fault::SshKeyPresent),
            // Random names do not collide by chance: a source of randomness that repeats itself is
            // a fault of the machine, and the next try may have a better one.
            StoreError::Taken(UniqueKey::ApiKeyIdentifier | UniqueKey::Secret) => {
                Self::Unavailable(Box::new(EntropyError))
            }
            StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::OutcomeUnknown(cause) => Self::OutcomeUnknown(cause),
            StoreError::Corrupt(cause) => Self::Corrupt(cause),
        }
    }
}

impl From<EntropyError> for Error {
    fn from(error: EntropyError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<HasherError> for Error {
    fn from(error: HasherError) -> Self {
        match error {
            HasherError::Busy { retry_after } => Self::Busy(retry_after),
            HasherError::UnknownPepper(name) => Self::UnknownKey(name),
            other @ HasherError::Malformed => Self::Corrupt(Box::new(other)),
            other => Self::Unavailable(Box::new(other)),
        }
    }
}

/// A seal that fails is treated as if the row were absent, by whoever opens it; here it is only
/// told apart from a key that is missing.
impl From<OpenError> for Error {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::UnknownKey(name) => Self::UnknownKey(name),
            other => Self::Corrupt(Box::new(other)),
        }
    }
}
