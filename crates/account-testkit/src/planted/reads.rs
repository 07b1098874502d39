//! The questions, with faults.

use account_core::account::Account;
use account_core::activity::{ActivityPage, ActivityQuery};
use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::{AccountId, Digest};
use account_core::profile::Login;
use account_core::session::StoredSession;
use account_core::ssh_key::SshKey;
use account_core::store::{
    AccountRepository, AccountState, ActivityRepository, ApiKeyRepository, SessionRepository,
    SignInRepository, SshKeyRepository, StoreResult,
};
use async_trait::async_trait;

use super::Fault;
use super::store::{Aside, Planted, others_pass};

impl Planted {
    /// The state as this adapter gives it.
    fn seen(&self, id: AccountId) -> Option<AccountState> {
        let mut state = self.with(|model| model.state(id))?;
        if self.is(Fault::TornState) {
            others_pass();
            let later = self.with(|model| model.state(id))?;
            state = AccountState { account: state.account, password: state.password, ..later };
        }
        if self.is(Fault::OrderUnstable) {
            state.api_keys.sort_by_key(|key| (key.created_at, key.identifier));
        }
        if self.is(Fault::OrderByColumn) {
            state.sessions.sort_by_key(|session| session.mac.as_bytes().to_vec());
        }
        Some(state)
    }

    fn cached(&self, account: Account) -> Account {
        if !self.is(Fault::CachedAccount) {
            return account;
        }
        self.aside(|aside| match aside.accounts.iter().find(|known| known.id == account.id) {
            Some(known) => known.clone(),
            None => {
                aside.accounts.push(account.clone());
                account
            }
        })
    }
}

#[async_trait]
impl AccountRepository for Planted {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        Ok(self.with(|model| model.account(id)))
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        self.inner.account_by_login(login).await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        self.inner.accounts(after, limit).await
    }

    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        Ok(self.seen(id))
    }
}

#[async_trait]
impl ApiKeyRepository for Planted {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        if self.is(Fault::IdentifierWithoutCase) {
            let alike =
                |key: &&StoredApiKey| key.identifier.as_str().eq_ignore_ascii_case(identifier.as_str());
            return Ok(self.with(|model| {
                model.states().find_map(|state| {
                    state
                        .api_keys
                        .iter()
                        .find(alike)
                        .map(|key| (StoredApiKey { idempotency: None, ..key.clone() }, state.account.clone()))
                })
            }));
        }
        if self.is(Fault::JoinsEarlierLookUp) {
            let on_its_way = |aside: &Aside| {
                aside.look_ups.iter().find(|(known, _)| known == identifier).map(|(_, found)| found.clone())
            };
            if let Some(found) = self.aside(|aside| on_its_way(aside)) {
                others_pass();
                return Ok(found);
            }
            let found = self.inner.api_key(identifier).await?;
            self.aside(|aside| aside.look_ups.push((*identifier, found.clone())));
            others_pass();
            self.aside(|aside| aside.look_ups.retain(|(known, _)| known != identifier));
            return Ok(found);
        }
        let found = self.inner.api_key(identifier).await?;
        Ok(found.map(|(key, account)| (key, self.cached(account))))
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        Ok(self.seen(account).map(|state| state.api_keys).unwrap_or_default())
    }
}

#[async_trait]
impl SshKeyRepository for Planted {
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>> {
        self.inner.ssh_keys(account).await
    }
}

#[async_trait]
impl SessionRepository for Planted {
    async fn session(&self, token: &Digest) -> StoreResult<Option<(StoredSession, Account)>> {
        let left = self.aside(|aside| aside.sessions.iter().find(|(known, ..)| known == token).cloned());
        match self.inner.session(token).await? {
            Some((session, account)) => Ok(Some((session, self.cached(account)))),
            None => Ok(left.map(|(_, session, account)| (session, account))),
        }
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        Ok(self.seen(account).map(|state| state.sessions).unwrap_or_default())
    }
}

#[async_trait]
impl SignInRepository for Planted {
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        self.inner.account_by_pending_sign_in(token).await
    }

    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        self.inner.account_by_mail_token(token).await
    }
}

#[async_trait]
impl ActivityRepository for Planted {
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage> {
        let mut query = query.clone();
        if self.is(Fault::NoEventsAreAll) {
            query.events = query.events.filter(|events| !events.is_empty());
        }
        let mut page = self.inner.activities(&query).await?;
        if self.is(Fault::TotalOfPage) {
            page.total = u64::try_from(page.entries.len()).unwrap();
        }
        if self.is(Fault::NewestFirstIsUnstable) && query.newest_first {
            page.entries.reverse();
            page.entries.sort_by_key(|entry| std::cmp::Reverse(entry.at));
        }
        Ok(page)
    }
}
