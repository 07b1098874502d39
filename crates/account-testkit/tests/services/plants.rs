//! Faults as a service could have them, planted between the services and the store: decisions made
//! on something else than what is there, and changes that are not all of what was decided.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

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
use account_core::two_factor::TotpStep;
use account_testkit::Store;
use async_trait::async_trait;

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plant {
    /// Commits on whatever revision there is.
    CommitsWithoutGuard,
    /// Forgets which time step was last accepted.
    ForgetsTheLastStep,
    /// A recovery code that was used stays.
    KeepsSpentCodes,
    /// A password change leaves the sessions, and their epoch.
    KeepsSessionsAtPasswordChange,
    /// A password change leaves the mailed tokens.
    KeepsMailedTokens,
    /// Honours a key as it was when first seen.
    RemembersKeys,
    /// Honours a session as it was when first seen.
    RemembersSessions,
    /// Counts one key less than there are.
    OverlooksAKey,
    /// Wrong second factors are not counted.
    ForgetsTries,
    /// Disabling changes nothing but the trail.
    DisablesInNameOnly,
    /// Changes leave no audit entry.
    LeavesNoTrail,
    /// Refusals leave no audit entry.
    LeavesNoTrailOfRefusals,
    /// The owner is not told.
    TellsNobody,
    /// Lists another account's keys.
    ListsSomebodyElsesKeys,
    /// Ends no sign-in that has come to its end.
    KeepsConfirmations,
    /// Writes the audit trail in a commit of its own, after the change.
    CommitsInTwo,
    /// Takes a lost answer for a success.
    TrustsALostAnswer,
    /// Takes mail out of the outbox before somebody was handed it.
    ForgetsMailTooEarly,
    /// Queues mail before it is known whether its reason stands.
    WritesBeforeItStands,
}

impl Plant {
    pub(crate) const ALL: [Self; 19] = [
        Self::CommitsWithoutGuard,
        Self::ForgetsTheLastStep,
        Self::KeepsSpentCodes,
        Self::KeepsSessionsAtPasswordChange,
        Self::KeepsMailedTokens,
        Self::RemembersKeys,
        Self::RemembersSessions,
        Self::OverlooksAKey,
        Self::ForgetsTries,
        Self::DisablesInNameOnly,
        Self::LeavesNoTrail,
        Self::LeavesNoTrailOfRefusals,
        Self::TellsNobody,
        Self::ListsSomebodyElsesKeys,
        Self::KeepsConfirmations,
        Self::CommitsInTwo,
        Self::TrustsALostAnswer,
        Self::ForgetsMailTooEarly,
        Self::WritesBeforeItStands,
    ];

    fn drops(self, commit: &Commit, change: &Change) -> bool {
        let sets_password = commit.changes.iter().any(|change| matches!(change, Change::SetPasswordEpoch(_)));
        match self {
            Self::KeepsSpentCodes => matches!(change, Change::SpendRecoveryCode { .. }),
            Self::KeepsSessionsAtPasswordChange => {
                sets_password && matches!(change, Change::EndSessionsExcept(_) | Change::SetPasswordEpoch(_))
            }
            Self::KeepsMailedTokens => sets_password && matches!(change, Change::RemoveMailTokens),
            Self::ForgetsTries => matches!(change, Change::SetPendingSignInTries(..)),
            Self::DisablesInNameOnly => matches!(change, Change::SetDisabled(Some(_))),
            Self::LeavesNoTrail => matches!(change, Change::Record(_)),
            Self::TellsNobody => matches!(change, Change::Send(_)),
            Self::KeepsConfirmations => matches!(change, Change::EndPendingSignIn(_)),
            _ => false,
        }
    }
}

pub(crate) fn planted(inner: Store, plant: Plant) -> Store {
    Arc::new(Planted { inner, plant, keys: Mutex::default(), sessions: Mutex::default() })
}

struct Planted {
    inner: Store,
    plant: Plant,
    keys: Mutex<BTreeMap<ApiKeyIdentifier, (StoredApiKey, Account)>>,
    sessions: Mutex<BTreeMap<Digest, (StoredSession, Account)>>,
}

#[async_trait]
impl AccountRepository for Planted {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        self.inner.account(id).await
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        self.inner.account_by_login(login).await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        self.inner.accounts(after, limit).await
    }

    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        let mut state = self.inner.state(id).await?;
        if let Some(state) = &mut state {
            match (self.plant, &mut state.two_factor) {
                (Plant::ForgetsTheLastStep, Some(active)) => active.last_step = TotpStep(0),
                (Plant::OverlooksAKey, _) => drop(state.api_keys.pop()),
                _ => {}
            }
        }
        Ok(state)
    }
}

#[async_trait]
impl ApiKeyRepository for Planted {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        let known = self.keys.lock().unwrap().get(identifier).cloned();
        if self.plant == Plant::RemembersKeys && known.is_some() {
            return Ok(known);
        }
        let found = self.inner.api_key(identifier).await?;
        if let Some(found) = &found {
            self.keys.lock().unwrap().insert(*identifier, found.clone());
        }
        Ok(found)
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        let other = self.plant == Plant::ListsSomebodyElsesKeys;
        self.inner.api_keys(if other { AccountId(account.0 - 1) } else { account }).await
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
        let known = self.sessions.lock().unwrap().get(token).cloned();
        if self.plant == Plant::RemembersSessions && known.is_some() {
            return Ok(known);
        }
        let found = self.inner.session(token).await?;
        if let Some(found) = &found {
            self.sessions.lock().unwrap().insert(*token, found.clone());
        }
        Ok(found)
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        self.inner.sessions(account).await
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
        self.inner.activities(query).await
    }
}

#[async_trait]
impl MailRepository for Planted {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        self.inner.queue_mail(mail).await
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        let claimed = self.inner.claim_mail(now, until, limit).await?;
        if self.plant == Plant::ForgetsMailTooEarly {
            for mail in &claimed {
                self.inner.remove_mail(mail.id).await?;
            }
        }
        Ok(claimed)
    }

    async fn remove_mail(&self, id: MailId) -> StoreResult<()> {
        self.inner.remove_mail(id).await
    }

    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()> {
        self.inner.postpone_mail(id, due_at).await
    }
}

#[async_trait]
impl KeyringRepository for Planted {
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
impl AccountStore for Planted {
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        self.inner.register(account, changes).await
    }

    async fn commit(&self, commit: &Commit) -> StoreResult<Revision> {
        let mut commit = commit.clone();
        let whole = commit.clone();
        commit.changes.retain(|change| !self.plant.drops(&whole, change));
        match self.plant {
            Plant::CommitsWithoutGuard => {
                let account = self.inner.account(commit.account).await?.ok_or(StoreError::Stale)?;
                commit.expected = account.revision;
            }
            Plant::WritesBeforeItStands => {
                for change in &commit.changes {
                    if let Change::Send(mail) = change {
                        self.inner.queue_mail(mail).await?;
                    }
                }
                commit.changes.retain(|change| !matches!(change, Change::Send(_)));
            }
            Plant::CommitsInTwo => {
                let is_entry = |change: &Change| change.entry().is_some();
                let (entries, others): (Vec<_>, Vec<_>) = commit.changes.drain(..).partition(is_entry);
                commit.changes = others;
                let expected = self.inner.commit(&commit).await?;
                return self.inner.commit(&Commit { expected, changes: entries, ..commit }).await;
            }
            _ => {}
        }
        match self.inner.commit(&commit).await {
            Err(StoreError::OutcomeUnknown(_)) if self.plant == Plant::TrustsALostAnswer => {
                Ok(commit.expected.next())
            }
            other => other,
        }
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        if self.plant == Plant::LeavesNoTrailOfRefusals {
            return Ok(());
        }
        self.inner.record(entries).await
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        self.inner.observe(seen).await
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        self.inner.purge(expired, limit).await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.inner.ready().await
    }
}
