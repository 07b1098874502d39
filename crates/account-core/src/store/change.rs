//! What an operation decided, as a list of row writes.

use crate::activity::Activity;
use crate::api_key::{ApiKeyIdentifier, StoredApiKey};
use crate::email::Email;
use crate::id::{AccountId, AccountUid, Digest, FactorEpoch, MailId, PasswordEpoch, Revision, SessionId};
use crate::mail::{MailToken, QueuedMail};
use crate::password::PasswordHash;
use crate::ports::keyring::Mac;
use crate::profile::{Language, PersonName, Username};
use crate::session::StoredSession;
use crate::sign_in::PendingSignIn;
use crate::ssh_key::{Fingerprint, SshKey};
use crate::time::Timestamp;
use crate::two_factor::{PendingTwoFactor, RecoverySetId, StoredRecoveryCode, TotpStep, TwoFactor};

/// One row write. Unconditional: the commit's revision guards it. No change implies another, but
/// for [`DeleteAccount`](Self::DeleteAccount). A change that names a row that is not there changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The address, and since when it is proven.
    SetEmail {
        /// The new address; unique by its canonical form.
        email: Email,
        /// When it was proven, if it was.
        verified_at: Option<Timestamp>,
    },
    /// Names and language.
    SetProfile {
        /// The username; unique.
        username: Username,
        /// Given name.
        first_name: Option<PersonName>,
        /// Family name.
        last_name: Option<PersonName>,
        /// Preferred language.
        language: Language,
    },
    /// Whether the user administers the embedding application.
    SetAdmin(bool),
    /// Since when the account is disabled; `None` enables it.
    SetDisabled(Option<Timestamp>),
    /// The password's hash.
    SetPassword(PasswordHash),
    /// The epoch that sessions carry.
    SetPasswordEpoch(PasswordEpoch),
    /// The epoch that pending sign-ins carry too.
    SetFactorEpoch(FactorEpoch),
    /// The second factor that is being set up.
    SetPendingTwoFactor(Option<PendingTwoFactor>),
    /// The second factor that is on.
    SetTwoFactor(Option<TwoFactor>),
    /// The last accepted time step of the second factor that is on.
    SetTotpStep(TotpStep),
    /// All recovery codes at once; an empty list takes them away.
    ReplaceRecoveryCodes(Vec<StoredRecoveryCode>),
    /// Takes one recovery code away.
    SpendRecoveryCode {
        /// Its set.
        set: RecoverySetId,
        /// Its place in the set.
        position: u8,
    },
    /// A new API key; its identifier is unique across accounts.
    AddApiKey(StoredApiKey),
    /// Takes an API key away.
    RemoveApiKey(ApiKeyIdentifier),
    /// Puts a key's MAC under another key of the keyring.
    SetApiKeyMac(ApiKeyIdentifier, Mac),
    /// A new SSH key; its fingerprint is unique within the account.
    AddSshKey(SshKey),
    /// Takes an SSH key away.
    RemoveSshKey(Fingerprint),
    /// A new session; handle and digest are unique.
    OpenSession(StoredSession),
    /// Takes a session away.
    EndSession(SessionId),
    /// Takes all sessions away but this one; all with `None`.
    EndSessionsExcept(Option<SessionId>),
    /// Puts a session's MAC under another key of the keyring.
    SetSessionMac(SessionId, Mac),
    /// A new pending sign-in; its digest is unique.
    OpenPendingSignIn(PendingSignIn),
    /// Wrong second factors so far.
    SetPendingSignInTries(Digest, u32),
    /// Takes a pending sign-in away.
    EndPendingSignIn(Digest),
    /// Takes all pending sign-ins away.
    EndPendingSignIns,
    /// A new mailed token; its digest is unique.
    AddMailToken(MailToken),
    /// Takes a mailed token away.
    RemoveMailToken(Digest),
    /// Takes all mailed tokens away.
    RemoveMailTokens,
    /// An audit entry.
    Record(Activity),
    /// A mail for the outbox.
    Send(QueuedMail),
    /// Takes away queued mail that carries this token and is the account's, or nobody's yet.
    WithdrawMail(Digest),
    /// Takes one queued mail away that is the account's, or nobody's yet (a request that names an address).
    RemoveMail(MailId),
    /// Takes away the account, all that hangs on it, and its queued mail; audit entries stay.
    DeleteAccount,
}

impl Change {
    /// The audit entry, where the change is one.
    pub fn entry(&self) -> Option<&Activity> {
        match self {
            Self::Record(entry) => Some(entry),
            _ => None,
        }
    }
}

/// Changes to one account, all or none, on condition that it is still as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commit {
    /// Which account.
    pub account: AccountId,
    /// The same, by random name: a number that came back after a restore from backup fits nobody.
    pub uid: AccountUid,
    /// The revision that was read.
    pub expected: Revision,
    /// What to write, in order.
    pub changes: Vec<Change>,
}
