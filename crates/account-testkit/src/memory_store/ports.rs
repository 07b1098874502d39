//! The contract's traits, each method one call to the model behind the lock.

use account_core::account::{Account, NewAccount};
use account_core::activity::{Activity, ActivityPage, ActivityQuery};
use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::{AccountId, Digest, MailId, Revision};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::ports::throttle::{Budget, Throttle, ThrottleKey, Verdict};
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

use super::MemoryStore;

#[async_trait]
impl AccountRepository for MemoryStore {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        Ok(self.with(|model| model.account(id)))
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        Ok(self.with(|model| model.account_by_login(login)))
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        Ok(self.with(|model| model.accounts(after, limit)))
    }

    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        Ok(self.with(|model| model.state(id)))
    }
}

#[async_trait]
impl ApiKeyRepository for MemoryStore {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        Ok(self.with(|model| model.api_key(identifier)))
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        Ok(self.with(|model| model.state(account)).map(|row| row.api_keys).unwrap_or_default())
    }
}

#[async_trait]
impl SshKeyRepository for MemoryStore {
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>> {
        Ok(self.with(|model| model.state(account)).map(|row| row.ssh_keys).unwrap_or_default())
    }
}

#[async_trait]
impl SessionRepository for MemoryStore {
    async fn session(&self, token: &Digest) -> StoreResult<Option<(StoredSession, Account)>> {
        Ok(self.with(|model| model.session(token)))
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        Ok(self.with(|model| model.state(account)).map(|row| row.sessions).unwrap_or_default())
    }
}

#[async_trait]
impl SignInRepository for MemoryStore {
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        Ok(self.with(|model| model.account_by_pending_sign_in(token)))
    }

    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        Ok(self.with(|model| model.account_by_mail_token(token)))
    }
}

#[async_trait]
impl ActivityRepository for MemoryStore {
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage> {
        Ok(self.with(|model| model.activities(query)))
    }
}

#[async_trait]
impl MailRepository for MemoryStore {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        Ok(self.with(|model| model.queue_mail(mail))?)
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        Ok(self.with(|model| model.claim_mail(now, until, limit)))
    }

    async fn remove_mail(&self, id: MailId) -> StoreResult<()> {
        self.with(|model| model.remove_mail(id));
        Ok(())
    }

    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()> {
        self.with(|model| model.postpone_mail(id, due_at));
        Ok(())
    }
}

#[async_trait]
impl KeyringRepository for MemoryStore {
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>> {
        Ok(self.with(|model| model.key_checks()))
    }

    async fn add_key_check(&self, new: &KeyCheck, ring: &[KeyCheck]) -> StoreResult<()> {
        self.with(|model| model.add_key_check(new, ring));
        Ok(())
    }

    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()> {
        self.with(|model| model.remove_key_check(name));
        Ok(())
    }
}

#[async_trait]
impl AccountStore for MemoryStore {
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        Ok(self.with(|model| model.register(account, changes))?)
    }

    async fn commit(&self, commit: &Commit) -> StoreResult<Revision> {
        Ok(self.with(|model| model.commit(commit))?)
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        self.with(|model| model.record(entries));
        Ok(())
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        self.with(|model| model.observe(seen));
        Ok(())
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        Ok(self.with(|model| model.purge(expired, limit)))
    }

    async fn ready(&self) -> StoreResult<()> {
        Ok(())
    }
}

#[async_trait]
impl Throttle for MemoryStore {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        Ok(self.with(|model| model.budgets().take(budgets, now)))
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        self.with(|model| model.budgets().give_back(budgets, now));
        Ok(())
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        self.with(|model| model.budgets().remember(*key, until));
        Ok(())
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        Ok(self.with(|model| model.budgets().remembers(key, now)))
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        Ok(self.with(|model| model.budgets().sweep(now, limit)))
    }
}
