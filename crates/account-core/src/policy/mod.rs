//! What may be set, as plain data: limits, lifetimes, windows, who must have a second factor.
//!
//! Nothing here acts; the rules read it. Every default is the contract's or the safer of two.

mod operation;

pub use operation::Operation;

use std::time::Duration;

use crate::api_key::ApiKeyPrefix;
use crate::mail::MailTokenPurpose;
use crate::password::PasswordPolicy;

/// Everything that an embedder may decide. Start from [`Policy::default`].
///
/// ```
/// use account_core::policy::{Policy, TwoFactorRequired};
/// let policy = Policy { two_factor_required: TwoFactorRequired::Administrators, ..Policy::default() };
/// assert_eq!(policy.limits.api_keys, 25);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// How much may hang on an account.
    pub limits: Limits,
    /// How long sessions live.
    pub sessions: SessionLifetimes,
    /// How long what is pending lives.
    pub lifetimes: Lifetimes,
    /// What a new password must be.
    pub passwords: PasswordPolicy,
    /// Who must have a second factor (contract 1.8).
    pub two_factor_required: TwoFactorRequired,
    /// How many time steps around the present one a code may be from, 0 to 4 (contract 9.2).
    pub totp_window: u8,
    /// Whose name an authenticator shows beside the address.
    pub issuer: String,
    /// What API keys may call.
    pub api_keys: ApiKeyPolicy,
    /// How API keys made from now on begin.
    pub api_key_prefix: ApiKeyPrefix,
    /// What a change of password ends besides the other sessions.
    pub revoke_api_keys_on_password_change: bool,
    /// Whether turning the second factor on or off ends the other sessions (contract 10: no).
    pub end_sessions_on_two_factor_change: bool,
    /// Whether an address must be proven before its owner may sign in.
    pub verified_email_required: bool,
    /// Whether mail is sent at all: somebody calls [`Accounts::deliver_mail`](crate::Accounts::deliver_mail).
    pub mail: bool,
    /// Where users reach the application; the beginning of every link in a mail.
    pub public_url: String,
    /// Guess, mail and change budgets; `false` for load tests alone.
    pub throttled: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            sessions: SessionLifetimes::default(),
            lifetimes: Lifetimes::default(),
            passwords: PasswordPolicy::default(),
            two_factor_required: TwoFactorRequired::Nobody,
            totp_window: 1,
            issuer: "Account".to_owned(),
            api_keys: ApiKeyPolicy::Documented,
            api_key_prefix: ApiKeyPrefix::default(),
            revoke_api_keys_on_password_change: false,
            end_sessions_on_two_factor_change: false,
            verified_email_required: false,
            mail: false,
            public_url: String::new(),
            throttled: true,
        }
    }
}

/// How much may hang on an account (contract 9.6, SEC-39).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// API keys.
    pub api_keys: usize,
    /// SSH keys.
    pub ssh_keys: usize,
    /// Sessions; one more ends the one that was idle longest.
    pub sessions: usize,
    /// Pending sign-ins; one more ends the oldest.
    pub pending_sign_ins: usize,
    /// Wrong second factors on one pending sign-in; the last one ends it (F-31).
    pub second_factor_tries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { api_keys: 25, ssh_keys: 50, sessions: 100, pending_sign_ins: 5, second_factor_tries: 5 }
    }
}

/// How long sessions live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLifetimes {
    /// Without use.
    pub idle: Duration,
    /// In all.
    pub absolute: Duration,
}

impl Default for SessionLifetimes {
    fn default() -> Self {
        Self { idle: Duration::from_secs(12 * 3600), absolute: Duration::from_secs(30 * 86_400) }
    }
}

/// How long what is pending lives, and how long audit entries are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// A two-factor secret that was shown and not yet confirmed.
    pub pending_two_factor: Duration,
    /// A sign-in that waits for its second factor.
    pub pending_sign_in: Duration,
    /// A password-reset token.
    pub reset_token: Duration,
    /// An e-mail verification token.
    pub verification_token: Duration,
    /// A mail that could not be delivered.
    pub mail: Duration,
    /// Audit entries.
    pub activity: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            pending_two_factor: Duration::from_secs(15 * 60),
            pending_sign_in: Duration::from_secs(5 * 60),
            reset_token: Duration::from_secs(60 * 60),
            verification_token: Duration::from_secs(24 * 3600),
            mail: Duration::from_secs(3 * 86_400),
            activity: Duration::from_secs(90 * 86_400),
        }
    }
}

impl Lifetimes {
    /// The lifetime of a mailed token.
    pub fn of_token(&self, purpose: MailTokenPurpose) -> Duration {
        match purpose {
            MailTokenPurpose::PasswordReset => self.reset_token,
            MailTokenPurpose::EmailVerification => self.verification_token,
        }
    }
}

/// Who must have a second factor (contract 1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TwoFactorRequired {
    /// Nobody.
    #[default]
    Nobody,
    /// Administrators.
    Administrators,
    /// Everybody.
    Everybody,
}

/// What API keys may call (requirements D6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiKeyPolicy {
    /// Every endpoint of the contract.
    #[default]
    Documented,
    /// Reading, listing and deleting; what changes a credential needs a session.
    SessionOnly,
}
