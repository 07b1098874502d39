//! The questions a store answers, and the writes it takes.

use async_trait::async_trait;

use crate::account::{Account, NewAccount};
use crate::activity::{Activity, ActivityPage, ActivityQuery};
use crate::api_key::{ApiKeyIdentifier, StoredApiKey};
use crate::id::{AccountId, Digest, MailId, Revision};
use crate::mail::QueuedMail;
use crate::ports::keyring::{KeyCheck, KeyName};
use crate::profile::Login;
use crate::session::StoredSession;
use crate::ssh_key::SshKey;
use crate::store::{AccountState, Change, Commit, Expired, Observation, StoreResult};
use crate::time::Timestamp;

/// Accounts.
#[async_trait]
pub trait AccountRepository: Send + Sync {
    /// The account with this number.
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>>;

    /// The number of the account with this canonical e-mail address or this username.
    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>>;

    /// Accounts with a number above `after`, ascending, at most `limit`.
    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>>;

    /// All that a decision may look at, in one snapshot of the primary.
    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>>;
}

/// API keys.
#[async_trait]
pub trait ApiKeyRepository: Send + Sync {
    /// The hot path: the key and its account in one read, the key without the name of the request that
    /// made it (`idempotency` is `None`). The identifier is compared exactly.
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>>;

    /// The account's keys, oldest first; keys of one millisecond in the order they were added.
    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>>;
}

/// SSH keys.
#[async_trait]
pub trait SshKeyRepository: Send + Sync {
    /// The account's keys, oldest first; keys of one millisecond in the order they were added.
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>>;
}

/// Sessions.
#[async_trait]
pub trait SessionRepository: Send + Sync {
    /// The hot path: the session with this token digest, and its account, in one read. Expired ones too.
    async fn session(&self, token: &Digest) -> StoreResult<Option<(StoredSession, Account)>>;

    /// The account's sessions, oldest first, expired ones too.
    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>>;
}

/// What leads from a token to the account it may act on, before anybody is signed in.
#[async_trait]
pub trait SignInRepository: Send + Sync {
    /// Whose pending sign-in has this token digest.
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>>;

    /// Whose mailed token has this digest.
    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>>;
}

/// The audit trail.
#[async_trait]
pub trait ActivityRepository: Send + Sync {
    /// One page of an account's entries, and how many match in all.
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage>;
}

/// The outbox.
#[async_trait]
pub trait MailRepository: Send + Sync {
    /// Puts a mail into the outbox outside of a commit.
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()>;

    /// Takes up to `limit` mails that are due at `now`, earliest first, for one worker alone: each
    /// has its attempts raised by one and is due again at `until`, should the worker die.
    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>>;

    /// Takes a delivered mail away.
    async fn remove_mail(&self, id: MailId) -> StoreResult<()>;

    /// Tries a mail again at `due_at`.
    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()>;
}

/// By which keyring the rows were written.
#[async_trait]
pub trait KeyringRepository: Send + Sync {
    /// The names and check values of all keys that were ever added.
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>>;

    /// Adds the key that `ring` writes with, unless a key is there that is not in `ring`, or another one
    /// of its name: then nothing is added, and that is no error. One step: of two rings that come to an
    /// empty store at once, one is added and the other finds it.
    async fn add_key_check(&self, new: &KeyCheck, ring: &[KeyCheck]) -> StoreResult<()>;

    /// Takes a retired key's check away.
    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()>;
}

/// A store: all questions, and the writes. See the [module](crate::store) for the contract.
#[async_trait]
pub trait AccountStore:
    AccountRepository
    + ApiKeyRepository
    + SshKeyRepository
    + SessionRepository
    + SignInRepository
    + ActivityRepository
    + MailRepository
    + KeyringRepository
{
    /// Makes the account and applies the changes to it, all or nothing. It then stands at
    /// [`Revision::FIRST`].
    ///
    /// # Errors
    /// [`Taken`](crate::store::StoreError::Taken) if address or username, or what a change adds, is taken.
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId>;

    /// Applies every change and raises the revision by one, or does nothing at all. Durable before it answers.
    ///
    /// # Errors
    /// [`Stale`](crate::store::StoreError::Stale) if the account is gone or at another revision,
    /// [`Taken`](crate::store::StoreError::Taken) if a change breaks a uniqueness.
    async fn commit(&self, commit: &Commit) -> StoreResult<Revision>;

    /// Audit entries of refusals: durable before it answers, no revision raised. An entry whose name
    /// is there already is passed over.
    async fn record(&self, entries: &[Activity]) -> StoreResult<()>;

    /// Last uses; see [`Observation`]. One bad item does not fail the batch.
    async fn observe(&self, seen: &[Observation]) -> StoreResult<()>;

    /// Takes away up to `limit` expired rows of each kind; answers how many in all. Raises no revision.
    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64>;

    /// Whether the store can be read and written now.
    async fn ready(&self) -> StoreResult<()>;
}
