//! All that a decision may look at.

use crate::account::Account;
use crate::api_key::StoredApiKey;
use crate::mail::MailToken;
use crate::password::PasswordHash;
use crate::session::StoredSession;
use crate::sign_in::PendingSignIn;
use crate::ssh_key::SshKey;
use crate::store::{Change, Commit};
use crate::two_factor::{PendingTwoFactor, StoredRecoveryCode, TwoFactor};

/// One snapshot of an account, its credentials, and what hangs on it; bounded by the limits.
/// Secrets inside print redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// The account with its revision.
    pub account: Account,
    /// The hash of its password.
    pub password: PasswordHash,
    /// A second factor that is being set up.
    pub pending_two_factor: Option<PendingTwoFactor>,
    /// The second factor that is on.
    pub two_factor: Option<TwoFactor>,
    /// Unspent recovery codes, by position.
    pub recovery_codes: Vec<StoredRecoveryCode>,
    /// API keys, oldest first.
    pub api_keys: Vec<StoredApiKey>,
    /// SSH keys, oldest first.
    pub ssh_keys: Vec<SshKey>,
    /// Sessions, oldest first, expired ones among them.
    pub sessions: Vec<StoredSession>,
    /// Pending sign-ins, oldest first, expired ones among them.
    pub pending_sign_ins: Vec<PendingSignIn>,
    /// Mailed tokens, oldest first, expired ones among them.
    pub mail_tokens: Vec<MailToken>,
}

impl AccountState {
    /// A commit of `changes`, guarded by what was read here.
    pub fn commit(&self, changes: Vec<Change>) -> Commit {
        Commit { account: self.account.id, uid: self.account.uid, expected: self.account.revision, changes }
    }
}
