//! What a key may be used for. Every purpose has a subkey of its own, so that a value made for one
//! can never pass for another.

/// What is sealed: encrypted and authenticated, to be opened again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// A two-factor secret, pending or active (SEC-26).
    TotpSecret,
    /// A recovery code's digest (SEC-27).
    RecoveryCode,
    /// A queued mail, which may hold a reset token.
    Mail,
}

impl Purpose {
    pub(super) const ALL: [Self; 3] = [Self::TotpSecret, Self::RecoveryCode, Self::Mail];

    /// Part of what is stored: never changed once released.
    pub(super) const fn label(self) -> &'static [u8] {
        match self {
            Self::TotpSecret => b"seal/totp",
            Self::RecoveryCode => b"seal/recovery",
            Self::Mail => b"seal/mail",
        }
    }
}

/// What is authenticated: stays readable, cannot be altered unnoticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacPurpose {
    /// What an API key's row grants.
    ApiKey,
    /// What a session's row grants.
    Session,
    /// The throttle's keys: names of accounts and addresses that need not be readable in a database.
    Throttle,
    /// What belongs to recovering an account: reset tokens, confirmation tokens.
    Recovery,
}

impl MacPurpose {
    pub(super) const ALL: [Self; 4] = [Self::ApiKey, Self::Session, Self::Throttle, Self::Recovery];

    /// Part of what is stored: never changed once released.
    pub(super) const fn label(self) -> &'static [u8] {
        match self {
            Self::ApiKey => b"mac/api-key",
            Self::Session => b"mac/session",
            Self::Throttle => b"mac/throttle",
            Self::Recovery => b"mac/recovery",
        }
    }
}
