//! What came of a request, without the words: comparable with what was predicted.

use account_core::account::Account;
use account_core::activity::Activity;
use account_core::api_key::ApiKey;
use account_core::session::Session;
use account_core::ssh_key::SshKey;
use account_core::{Error, Principal};

use super::request::Token;

/// Why a request was refused or not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refusal {
    Unauthenticated,
    AddressNotAllowed,
    TwoFactorRequired,
    SessionRequired,
    WiderThanMaker,
    /// A field broke a rule that only the store's contents decide.
    Invalid(Field),
    WrongPassword,
    WrongCode,
    TwoFactorEnabled,
    TwoFactorNotEnabled,
    LimitReached,
    IdempotencyKeyReused,
    NotFound,
    SignInRefused,
    SignInExpired,
    WrongSecondFactor,
    WrongRecoveryCode,
    EmailNotVerified,
    WrongMailToken,
    /// Too many were wrong, or came, of late.
    Throttled,
    /// It was not done: trying later may help.
    NotDone,
    /// Nobody knows whether it was done.
    Unknown,
    /// An answer that nothing in this world can call for.
    Absurd,
}

/// Which field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Field {
    Email,
    Username,
    ExpiresAt,
    PublicKey,
    Other,
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        match error {
            Error::Unauthenticated => Self::Unauthenticated,
            Error::AddressNotAllowed(_) => Self::AddressNotAllowed,
            Error::TwoFactorRequired => Self::TwoFactorRequired,
            Error::SessionRequired => Self::SessionRequired,
            Error::WiderThanMaker => Self::WiderThanMaker,
            Error::Invalid(fields) => Self::Invalid(match fields.iter().next().map(|e| e.field.as_str()) {
                Some("email") => Field::Email,
                Some("username") => Field::Username,
                Some("expires_at") => Field::ExpiresAt,
                Some("public_key") => Field::PublicKey,
                _ => Field::Other,
            }),
            Error::WrongPassword => Self::WrongPassword,
            Error::WrongCode => Self::WrongCode,
            Error::TwoFactorEnabled => Self::TwoFactorEnabled,
            Error::TwoFactorNotEnabled => Self::TwoFactorNotEnabled,
            Error::LimitReached(_) => Self::LimitReached,
            Error::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            Error::NotFound => Self::NotFound,
            Error::SignInRefused => Self::SignInRefused,
            Error::SignInExpired => Self::SignInExpired,
            Error::WrongSecondFactor => Self::WrongSecondFactor,
            Error::WrongRecoveryCode => Self::WrongRecoveryCode,
            Error::EmailNotVerified => Self::EmailNotVerified,
            Error::WrongMailToken => Self::WrongMailToken,
            Error::Unavailable(_) | Error::Contended | Error::Busy(_) => Self::NotDone,
            Error::OutcomeUnknown(_) => Self::Unknown,
            Error::TooManyAttempts(_) | Error::TooManyEmailChanges(_) | Error::SignInLockedOut(_) => {
                Self::Throttled
            }
            Error::WrongKeyKind | Error::UnknownKey(_) | Error::Corrupt(_) => Self::Absurd,
        }
    }
}

/// What the asker was given.
#[derive(Debug)]
pub(crate) enum Given {
    Nothing,
    LetIn(Box<Principal>),
    Session(Token),
    Confirmation(Token),
    Key { identifier: String, token: Token },
    Secret(Token),
    RecoveryCodes(Vec<Token>),
    RecoveryCodesLeft(usize),
    Account(Box<Account>),
    Keys(Vec<ApiKey>),
    SshKeys(Vec<SshKey>),
    Sessions(Vec<Session>),
    Activity(Vec<Activity>),
}

/// What came of it: granted, or why not.
pub(crate) type Verdict = Result<(), Refusal>;

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) verdict: Verdict,
    pub(crate) given: Given,
    /// What the services said, for the story.
    pub(crate) words: String,
}

impl From<Result<Given, Error>> for Answer {
    fn from(result: Result<Given, Error>) -> Self {
        match result {
            Ok(given) => Self { verdict: Ok(()), given, words: "done".to_owned() },
            Err(error) => {
                Self { verdict: Err((&error).into()), given: Given::Nothing, words: error.to_string() }
            }
        }
    }
}
