//! A store that fails when it is told to, before a call took effect or after: for tests of what
//! stands above stores.

use std::sync::{Arc, Mutex, PoisonError};

use account_core::account::{Account, NewAccount};
use account_core::activity::{Activity, ActivityPage, ActivityQuery};
use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::{AccountId, Digest, MailId, Revision};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::profile::Login;
use account_core::session::StoredSession;
use account_core::ssh_key::SshKey;
use account_core::store::{
    AccountRepository, AccountState, AccountStore, ActivityRepository, ApiKeyRepository, Change, Commit,
    Expired, KeyringRepository, MailRepository, Observation, SessionRepository, SignInRepository,
    SshKeyRepository, StoreError, StoreResult,
};
use account_core::time::Timestamp;
use async_trait::async_trait;

/// How a call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// [`StoreError::Unavailable`]; it did not happen.
    Unavailable,
    /// [`StoreError::OutcomeUnknown`], and it did not happen.
    UnknownAndUndone,
    /// [`StoreError::OutcomeUnknown`], but it happened.
    UnknownButDone,
}

/// Decides about each call, by its number from 0 and its method's name.
type Plan = Box<dyn FnMut(u64, &'static str) -> Option<StoreFault> + Send>;

/// A store that fails as planned. Clones share store and plan.
///
/// ```
/// use account_core::store::{AccountStore as _, StoreError};
/// use account_testkit::{FaultyStore, MemoryStore, StoreFault, block_on, sample};
///
/// let memory = MemoryStore::new();
/// let store = FaultyStore::new(memory.clone());
/// store.fail_next("register", StoreFault::UnknownButDone);
/// let answer = block_on(store.register(&sample::new_account(1), &[]));
/// assert!(matches!(answer, Err(StoreError::OutcomeUnknown(_))));
/// assert_eq!(memory.snapshot().states().count(), 1);
/// ```
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn AccountStore>,
    calls: Arc<Mutex<Calls>>,
}

#[derive(Default)]
struct Calls {
    made: Vec<&'static str>,
    plan: Option<Plan>,
}

impl From<Arc<dyn AccountStore>> for FaultyStore {
    fn from(inner: Arc<dyn AccountStore>) -> Self {
        Self { inner, calls: Arc::default() }
    }
}

impl FaultyStore {
    /// A store that does not fail yet.
    pub fn new(inner: impl AccountStore + 'static) -> Self {
        Self { inner: Arc::new(inner), calls: Arc::default() }
    }

    /// Asks `plan` about each call from now on: its number, from 0 since the store was made, and its
    /// method's name.
    pub fn fail(&self, plan: impl FnMut(u64, &'static str) -> Option<StoreFault> + Send + 'static) {
        self.calls().plan = Some(Box::new(plan));
    }

    /// Fails the call that comes after `calls` others.
    pub fn fail_after(&self, calls: u64, fault: StoreFault) {
        let number = self.count().saturating_add(calls);
        self.fail(move |call, _| (call == number).then_some(fault));
    }

    /// Fails the next call of a method.
    pub fn fail_next(&self, method: &'static str, fault: StoreFault) {
        let mut fault = Some(fault);
        self.fail(move |_, called| if called == method { fault.take() } else { None });
    }

    /// Fails no more.
    pub fn heal(&self) {
        self.calls().plan = None;
    }

    /// How many calls were made.
    pub fn count(&self) -> u64 {
        u64::try_from(self.calls().made.len()).unwrap_or(u64::MAX)
    }

    /// The methods that were called, in order.
    pub fn made(&self) -> Vec<&'static str> {
        self.calls().made.clone()
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn planned(&self, method: &'static str) -> Option<StoreFault> {
        let mut calls = self.calls();
        let number = u64::try_from(calls.made.len()).unwrap_or(u64::MAX);
        calls.made.push(method);
        calls.plan.as_mut().and_then(|plan| plan(number, method))
    }

    async fn call<T>(
        &self,
        method: &'static str,
        work: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        match self.planned(method) {
            None => work.await,
            Some(StoreFault::Unavailable) => Err(StoreError::Unavailable("a planned fault".into())),
            Some(StoreFault::UnknownAndUndone) => Err(StoreError::OutcomeUnknown("a planned fault".into())),
            Some(StoreFault::UnknownButDone) => {
                work.await?;
                Err(StoreError::OutcomeUnknown("a planned fault".into()))
            }
        }
    }
}

impl std::fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultyStore").field("calls", &self.count()).finish_non_exhaustive()
    }
}

macro_rules! through {
    ($($port:ident { $(fn $method:ident($($name:ident: $type:ty),*) -> $answer:ty;)* })*) => {
        $(
            #[async_trait]
            impl $port for FaultyStore {
                $(
                    async fn $method(&self, $($name: $type),*) -> StoreResult<$answer> {
                        self.call(stringify!($method), self.inner.$method($($name),*)).await
                    }
                )*
            }
        )*
    };
}

through! {
    AccountRepository {
        fn account(id: AccountId) -> Option<Account>;
        fn account_by_login(login: &Login) -> Option<AccountId>;
        fn accounts(after: Option<AccountId>, limit: u32) -> Vec<Account>;
        fn state(id: AccountId) -> Option<AccountState>;
    }
    ApiKeyRepository {
        fn api_key(identifier: &ApiKeyIdentifier) -> Option<(StoredApiKey, Account)>;
        fn api_keys(account: AccountId) -> Vec<StoredApiKey>;
    }
    SshKeyRepository {
        fn ssh_keys(account: AccountId) -> Vec<SshKey>;
    }
    SessionRepository {
        fn session(token: &Digest) -> Option<(StoredSession, Account)>;
        fn sessions(account: AccountId) -> Vec<StoredSession>;
    }
    SignInRepository {
        fn account_by_pending_sign_in(token: &Digest) -> Option<AccountId>;
        fn account_by_mail_token(token: &Digest) -> Option<AccountId>;
    }
    ActivityRepository {
        fn activities(query: &ActivityQuery) -> ActivityPage;
    }
    MailRepository {
        fn queue_mail(mail: &QueuedMail) -> ();
        fn claim_mail(now: Timestamp, until: Timestamp, limit: u32) -> Vec<QueuedMail>;
        fn remove_mail(id: MailId) -> ();
        fn postpone_mail(id: MailId, due_at: Timestamp) -> ();
    }
    KeyringRepository {
        fn key_checks() -> Vec<KeyCheck>;
        fn add_key_check(new: &KeyCheck, ring: &[KeyCheck]) -> ();
        fn remove_key_check(name: &KeyName) -> ();
    }
    AccountStore {
        fn register(account: &NewAccount, changes: &[Change]) -> AccountId;
        fn commit(commit: &Commit) -> Revision;
        fn record(entries: &[Activity]) -> ();
        fn observe(seen: &[Observation]) -> ();
        fn purge(expired: &Expired, limit: u32) -> u64;
        fn ready() -> ();
    }
}
