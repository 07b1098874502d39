//! The account itself: one row, without the credentials that hang on it.

use crate::email::Email;
use crate::id::{AccountId, AccountUid, FactorEpoch, PasswordEpoch, Revision};
use crate::password::PasswordHash;
use crate::profile::{Language, PersonName, Username};
use crate::time::Timestamp;

/// An account as one read gives it. Holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number, made by the store.
    pub id: AccountId,
    /// Its random name, made by the core.
    pub uid: AccountUid,
    /// Guards commits.
    pub revision: Revision,
    /// What sessions carry.
    pub password_epoch: PasswordEpoch,
    /// What pending sign-ins carry, beside the other.
    pub factor_epoch: FactorEpoch,
    /// Unique, lower case.
    pub username: Username,
    /// Unique by its canonical form, kept as typed.
    pub email: Email,
    /// When the address was proven; `None` if never.
    pub email_verified_at: Option<Timestamp>,
    /// Given name.
    pub first_name: Option<PersonName>,
    /// Family name.
    pub last_name: Option<PersonName>,
    /// Preferred language.
    pub language: Language,
    /// Whether the user administers the embedding application.
    pub admin: bool,
    /// When the account was disabled; `None` while it is in use.
    pub disabled_at: Option<Timestamp>,
    /// Whether a second factor is on.
    pub two_factor: bool,
    /// When it was registered.
    pub created_at: Timestamp,
}

/// An account that does not exist yet. It begins at [`Revision::FIRST`] and the first epochs.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its random name.
    pub uid: AccountUid,
    /// Unique, lower case.
    pub username: Username,
    /// Unique by its canonical form.
    pub email: Email,
    /// When the address was proven, if it was.
    pub email_verified_at: Option<Timestamp>,
    /// Given name.
    pub first_name: Option<PersonName>,
    /// Family name.
    pub last_name: Option<PersonName>,
    /// Preferred language.
    pub language: Language,
    /// Whether the user administers the embedding application.
    pub admin: bool,
    /// The hash of its password.
    pub password: PasswordHash,
    /// The time of registration.
    pub created_at: Timestamp,
}
