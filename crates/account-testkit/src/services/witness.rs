//! A store that passes every call on and tells the watch what it did. The weather may come between:
//! it can delay a call, fail it before it took effect, or lose the answer afterwards.

use std::sync::Arc;

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
    SshKeyRepository, StoreResult,
};
use account_core::time::Timestamp;
use async_trait::async_trait;

use super::watch::Watch;
use crate::Store;

/// What may come between the services and the store.
#[async_trait]
pub(crate) trait Weather: Send + Sync {
    /// Before a call takes effect.
    async fn before(&self, call: &'static str, writes: bool) -> StoreResult<()>;

    /// After it took effect, before its answer arrives.
    async fn after(&self, call: &'static str, writes: bool) -> StoreResult<()>;

    /// What becomes of a mail.
    async fn mail(&self) -> Mailing {
        Mailing::HandedOn
    }

    /// Whether the source of randomness fails now.
    fn entropy_fails(&self) -> bool {
        false
    }
}

/// What becomes of a mail on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mailing {
    HandedOn,
    /// Handed on, and whoever handed it on never hears of it.
    HandedOnUnheard,
    NotNow,
    Never,
}

/// Nothing ever comes between.
pub(crate) struct Calm;

#[async_trait]
impl Weather for Calm {
    async fn before(&self, _: &'static str, _: bool) -> StoreResult<()> {
        Ok(())
    }

    async fn after(&self, _: &'static str, _: bool) -> StoreResult<()> {
        Ok(())
    }
}

pub(crate) struct Witness {
    pub(crate) inner: Store,
    pub(crate) watch: Arc<Watch>,
    pub(crate) weather: Arc<dyn Weather>,
}

impl Witness {
    async fn asked<T>(
        &self,
        call: &'static str,
        question: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.weather.before(call, false).await?;
        let answer = question.await?;
        self.weather.after(call, false).await?;
        Ok(answer)
    }

    async fn written<T>(
        &self,
        call: &'static str,
        write: impl Future<Output = StoreResult<T>> + Send,
    ) -> StoreResult<T> {
        self.weather.before(call, true).await?;
        let answer = write.await?;
        self.weather.after(call, true).await?;
        Ok(answer)
    }
}

#[async_trait]
impl AccountRepository for Witness {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        self.asked("account", self.inner.account(id)).await
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        self.asked("account_by_login", self.inner.account_by_login(login)).await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        self.asked("accounts", self.inner.accounts(after, limit)).await
    }

    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        self.asked("state", self.inner.state(id)).await
    }
}

#[async_trait]
impl ApiKeyRepository for Witness {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        self.asked("api_key", self.inner.api_key(identifier)).await
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        self.asked("api_keys", self.inner.api_keys(account)).await
    }
}

#[async_trait]
impl SshKeyRepository for Witness {
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>> {
        self.asked("ssh_keys", self.inner.ssh_keys(account)).await
    }
}

#[async_trait]
impl SessionRepository for Witness {
    async fn session(&self, token: &Digest) -> StoreResult<Option<(StoredSession, Account)>> {
        self.asked("session", self.inner.session(token)).await
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        self.asked("sessions", self.inner.sessions(account)).await
    }
}

#[async_trait]
impl SignInRepository for Witness {
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        self.asked("account_by_pending_sign_in", self.inner.account_by_pending_sign_in(token)).await
    }

    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        self.asked("account_by_mail_token", self.inner.account_by_mail_token(token)).await
    }
}

#[async_trait]
impl ActivityRepository for Witness {
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage> {
        self.asked("activities", self.inner.activities(query)).await
    }
}

#[async_trait]
impl MailRepository for Witness {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        let write = async {
            self.inner.queue_mail(mail).await?;
            self.watch.queued(mail);
            Ok(())
        };
        self.written("queue_mail", write).await
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        self.written("claim_mail", self.inner.claim_mail(now, until, limit)).await
    }

    async fn remove_mail(&self, id: MailId) -> StoreResult<()> {
        let write = async {
            self.inner.remove_mail(id).await?;
            self.watch.removed(id);
            Ok(())
        };
        self.written("remove_mail", write).await
    }

    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()> {
        self.written("postpone_mail", self.inner.postpone_mail(id, due_at)).await
    }
}

#[async_trait]
impl KeyringRepository for Witness {
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>> {
        self.inner.key_checks().await
    }

    async fn add_key_check(&self, new: &KeyCheck, ring: &[KeyCheck]) -> StoreResult<()> {
        self.inner.add_key_check(new, ring).await
    }

    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()> {
        self.inner.remove_key_check(name).await
    }
}

#[async_trait]
impl AccountStore for Witness {
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        let write = async {
            let id = self.inner.register(account, changes).await?;
            let state = self.inner.state(id).await?;
            self.watch.registered(id, account, changes, state.as_ref());
            Ok(id)
        };
        self.written("register", write).await
    }

    async fn commit(&self, commit: &Commit) -> StoreResult<Revision> {
        let write = async {
            let revision = self.inner.commit(commit).await?;
            let state = self.inner.state(commit.account).await?;
            self.watch.committed(commit, revision, state.as_ref());
            Ok(revision)
        };
        self.written("commit", write).await
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        let write = async {
            self.inner.record(entries).await?;
            self.watch.recorded(entries);
            Ok(())
        };
        self.written("record", write).await
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        let write = async {
            self.inner.observe(seen).await?;
            self.watch.observed(seen);
            Ok(())
        };
        self.written("observe", write).await
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        let write = async {
            let gone = self.inner.purge(expired, limit).await?;
            self.watch.purged(expired);
            Ok(gone)
        };
        self.written("purge", write).await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.inner.ready().await
    }
}
