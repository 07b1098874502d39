//! The writes, with faults.

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::id::{AccountId, MailId, Revision};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::store::{
    AccountState, AccountStore, Change, Commit, Expired, KeyringRepository, MailRepository, Observation,
    StoreError, StoreResult, UniqueKey,
};
use account_core::time::Timestamp;
use async_trait::async_trait;

use super::Fault;
use super::store::{Planted, others_pass, suspended};
use crate::memory_store::Model;
use crate::sample;

fn is_removal(change: &Change) -> bool {
    matches!(change, Change::RemoveApiKey(_) | Change::EndSession(_) | Change::EndSessionsExcept(_))
}

fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.as_millis().div_euclid(1000) * 1000)
}

/// The commit, at whatever revision the account is.
fn unguarded(model: &mut Model, commit: &Commit) -> Result<Revision, crate::Refusal> {
    let expected = model.account(commit.account).map_or(commit.expected, |account| account.revision);
    model.commit(&Commit { expected, ..commit.clone() })
}

fn lowered(model: &mut Model, id: AccountId) {
    if let Some(row) = model.accounts.get_mut(&id) {
        row.account.revision = Revision(row.account.revision.0 - 1);
    }
}

fn raised(model: &mut Model, id: AccountId) {
    if let Some(row) = model.accounts.get_mut(&id) {
        row.account.revision = row.account.revision.next();
    }
}

impl Planted {
    /// The commit as a faulty author sees it.
    fn distorted(&self, commit: &Commit) -> Commit {
        let mut commit = commit.clone();
        let stored = self.with(|model| model.account(commit.account));
        if let Some(stored) = &stored {
            if self.is(Fault::NoGuard) || (self.is(Fault::GuardIsBelow) && commit.expected > stored.revision)
            {
                commit.expected = stored.revision;
            }
            if self.is(Fault::UidUnchecked) {
                commit.uid = stored.uid;
            }
        }
        if self.is(Fault::Reordered) {
            commit.changes.sort_by_key(|change| !is_removal(change));
        }
        if self.is(Fault::SessionSurvives)
            && commit.changes.iter().any(|change| matches!(change, Change::SetPassword(_)))
        {
            commit.changes.retain(|change| !matches!(change, Change::EndSessionsExcept(_)));
        }
        commit.changes.iter_mut().for_each(|change| match change {
            Change::AddApiKey(key) if self.is(Fault::ApiKeyNameLost) => key.idempotency = None,
            Change::AddSshKey(key) if self.is(Fault::SshKeyNameLost) => key.idempotency = None,
            _ => {}
        });
        if self.is(Fault::TimesTruncated) {
            commit.changes.iter_mut().for_each(|change| {
                if let Change::OpenSession(session) = change {
                    session.created_at = seconds(session.created_at);
                }
            });
        }
        commit
    }

    /// What a faulty author does before the guard.
    fn beforehand(&self, commit: &Commit) {
        self.with(|model| {
            for change in &commit.changes {
                match change {
                    Change::Record(entry)
                        if self.is(Fault::AuditBeforeGuard) && model.clone().commit(commit).is_err() =>
                    {
                        model.record(std::slice::from_ref(entry));
                    }
                    Change::Send(mail)
                        if self.is(Fault::MailBeforeGuard) && model.clone().commit(commit).is_err() =>
                    {
                        let _ = model.queue_mail(mail);
                    }
                    Change::RemoveApiKey(identifier) if self.is(Fault::OwnerIgnored) => {
                        if let Some((_, owner)) =
                            model.api_key(identifier).filter(|(_, a)| a.id != commit.account)
                        {
                            let state = model.state(owner.id).unwrap();
                            let _ = model.commit(&state.commit(vec![change.clone()]));
                        }
                    }
                    _ => {}
                }
            }
        });
    }

    /// Keeps aside what a faulty deletion leaves, and loses what it takes too much.
    fn around_deletion(&self, commit: &Commit, before: Option<AccountState>) {
        let Some(before) = before.filter(|_| commit.changes.contains(&Change::DeleteAccount)) else { return };
        if self.is(Fault::DeleteLeavesSessions) {
            let left = before.sessions.iter().map(|s| (s.token, s.clone(), before.account.clone()));
            self.aside(|aside| aside.sessions.extend(left));
        }
        self.with(|model| {
            if self.is(Fault::AuditLostOnDelete) {
                model.trail = Default::default();
            }
            if self.is(Fault::NumberReused) {
                model.last_number = model.accounts.keys().last().map_or(0, |id| id.0);
            }
        });
    }

    fn half_by_half(&self, commit: &Commit) -> StoreResult<Revision> {
        let half = commit.changes.len() / 2;
        let (first, rest) = commit.changes.split_at(half);
        let whole = self.inner.snapshot().commit(commit)?;
        let (first, rest) = (first.to_vec(), rest.to_vec());
        self.with(|model| model.commit(&Commit { changes: first, ..commit.clone() }))?;
        self.with(|model| lowered(model, commit.account));
        others_pass();
        self.with(|model| unguarded(model, &Commit { changes: rest, ..commit.clone() }))?;
        Ok(whole)
    }

    fn refused(&self, commit: &Commit, error: StoreError) -> StoreError {
        let StoreError::Taken(_) = error else { return error };
        if self.is(Fault::TakenAsStale) {
            return StoreError::Stale;
        }
        if self.is(Fault::HalfApplied) {
            for most in (0..commit.changes.len()).rev() {
                let changes = commit.changes[..most].to_vec();
                if self.with(|model| model.commit(&Commit { changes, ..commit.clone() })).is_ok() {
                    self.with(|model| lowered(model, commit.account));
                    break;
                }
            }
        }
        error
    }

    async fn committed(&self, commit: &Commit) -> StoreResult<Revision> {
        match self.fault {
            Fault::LostUpdate => {
                let mut copy = self.inner.snapshot();
                let revision = copy.commit(commit)?;
                others_pass();
                self.with(|model| *model = copy);
                Ok(revision)
            }
            Fault::GuardBeforeLock => {
                self.inner.snapshot().commit(commit)?;
                others_pass();
                Ok(self.with(|model| unguarded(model, commit))?)
            }
            Fault::TakenBeforeStale => {
                if let Err(crate::Refusal::Taken(keys)) = unguarded(&mut self.inner.snapshot(), commit) {
                    return Err(crate::Refusal::Taken(keys).into());
                }
                Ok(self.with(|model| model.commit(commit))?)
            }
            Fault::DirtyRead if !commit.changes.contains(&Change::DeleteAccount) => self.half_by_half(commit),
            Fault::LockLeftBehind => {
                self.lock().await?;
                let answer = self.with(|model| model.commit(commit));
                suspended().await;
                self.aside(|aside| aside.locked = false);
                Ok(answer?)
            }
            _ => Ok(self.with(|model| model.commit(commit))?),
        }
    }

    /// Waits for the lock for a while, as a database does.
    async fn lock(&self) -> StoreResult<()> {
        for _ in 0..2_000 {
            if self.aside(|aside| !std::mem::replace(&mut aside.locked, true)) {
                return Ok(());
            }
            others_pass();
        }
        Err(StoreError::Unavailable("lock timeout".into()))
    }
}

#[async_trait]
impl AccountStore for Planted {
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        let mut new = account.clone();
        if self.is(Fault::TimesTruncated) {
            new.created_at = seconds(new.created_at);
        }
        if self.is(Fault::RegistrationInTwo) {
            self.inner.snapshot().register(&new, changes)?;
            let id = self.inner.register(&new, &[]).await?;
            suspended().await;
            let seen = self.with(|model| model.state(id)).unwrap();
            self.with(|model| model.commit(&seen.commit(changes.to_vec())))?;
            self.with(|model| lowered(model, id));
            return Ok(id);
        }
        let owner = self
            .with(|model| model.account_by_login(&account_core::profile::Login::Email(new.email.clone())));
        if self.is(Fault::AddressCheckedBefore) {
            if owner.is_some() {
                return Err(StoreError::Taken(UniqueKey::Email));
            }
            others_pass();
        }
        let unconstrained = match self.fault {
            Fault::AddressCheckedBefore => true,
            Fault::CaseSensitiveAddress => owner
                .and_then(|id| self.with(|model| model.account(id)))
                .is_some_and(|other| other.email.as_str() != new.email.as_str()),
            _ => false,
        };
        match self.inner.register(&new, changes).await {
            Err(StoreError::Taken(UniqueKey::Email)) if unconstrained => {
                let number = self.with(|model| u64::try_from(model.last_number).unwrap());
                new.email = sample::email(1_000_000 + number);
                self.inner.register(&new, changes).await
            }
            answer => answer,
        }
    }

    async fn commit(&self, commit: &Commit) -> StoreResult<Revision> {
        let before = self.with(|model| model.state(commit.account));
        self.beforehand(commit);
        let commit = &self.distorted(commit);
        if self.is(Fault::EmptyCommitIgnored) && commit.changes.is_empty() {
            return Ok(commit.expected);
        }
        let answer = self.committed(commit).await.map_err(|error| self.refused(commit, error))?;
        if self.is(Fault::RevisionNotRaised) {
            self.with(|model| lowered(model, commit.account));
        }
        self.around_deletion(commit, before);
        Ok(if self.is(Fault::OldRevisionAnswered) { commit.expected } else { answer })
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        for entry in entries {
            let known = self.with(|model| model.trail.has(entry.id));
            if known && self.is(Fault::RecordFailsBatch) {
                return Err(StoreError::Taken(UniqueKey::Secret));
            }
            if known && self.is(Fault::RecordOverwrites) {
                self.with(|model| model.trail.remove(entry.id));
            }
            self.with(|model| model.record(std::slice::from_ref(entry)));
            if let Some(uid) = entry.subject.filter(|_| self.is(Fault::RecordRaises)) {
                self.with(|model| {
                    let id =
                        model.states().find(|state| state.account.uid == uid).map(|state| state.account.id);
                    id.into_iter().for_each(|id| raised(model, id));
                });
            }
        }
        Ok(())
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        let seen: Vec<Observation> =
            seen.iter().cloned().map(|item| self.distorted_observation(item)).collect();
        for item in &seen {
            let (account, at) = match item {
                Observation::ApiKeyUsed { account, at, .. }
                | Observation::SessionSeen { account, at, .. } => (*account, *at),
            };
            let id = self.with(|model| {
                model.states().find(|state| state.account.uid == account).map(|state| state.account.id)
            });
            if id.is_none() && self.is(Fault::ObserveFailsBatch) {
                return Err(StoreError::Unavailable("no such account".into()));
            }
            self.with(|model| {
                model.observe(std::slice::from_ref(item));
                let row = id.and_then(|id| model.accounts.get_mut(&id));
                if let (Observation::ApiKeyUsed { identifier, .. }, Some(row), true) =
                    (item, row, self.is(Fault::ObserveBackwards))
                {
                    let key = row.api_keys.iter_mut().find(|key| key.identifier == *identifier);
                    key.into_iter().for_each(|key| key.last_used_at = Some(at));
                }
                if let Some(id) = id.filter(|_| self.is(Fault::ObserveRaises)) {
                    raised(model, id);
                }
            });
        }
        Ok(())
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        let mut expired = *expired;
        if self.is(Fault::PurgeAtBoundary) {
            let later = |time: &mut Timestamp| *time = Timestamp::from_millis(time.as_millis() + 1);
            later(&mut expired.sessions_seen_before);
        }
        let limit = if self.is(Fault::PurgeUnbounded) { u32::MAX } else { limit };
        self.inner.purge(&expired, limit).await
    }

    async fn ready(&self) -> StoreResult<()> {
        Ok(())
    }
}

impl Planted {
    fn distorted_observation(&self, item: Observation) -> Observation {
        match item {
            Observation::SessionSeen { account, session, at, .. } if self.is(Fault::ObserveRevives) => {
                Observation::SessionSeen { account, session, at, if_seen_since: crate::cases::given::NEVER }
            }
            other => other,
        }
    }
}

#[async_trait]
impl MailRepository for Planted {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        self.inner.queue_mail(mail).await
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        if self.is(Fault::MailToTwoWorkers) {
            let due = self.inner.snapshot().claim_mail(now, until, limit);
            others_pass();
            for mail in &due {
                self.inner.remove_mail(mail.id).await?;
                self.inner.queue_mail(mail).await?;
            }
            return Ok(due);
        }
        let early = if self.is(Fault::MailTooEarly) { 1 } else { 0 };
        self.inner.claim_mail(Timestamp::from_millis(now.as_millis() + early), until, limit).await
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
        if self.is(Fault::KeyCheckOverwritten) {
            self.inner.remove_key_check(&new.name).await?;
        }
        if self.is(Fault::KeyringsBesideEachOther) {
            return self.inner.add_key_check(new, &self.inner.key_checks().await?).await;
        }
        if self.is(Fault::KeyringLookedAtBefore) {
            let known = self.inner.key_checks().await?;
            others_pass();
            let ring = if known.iter().all(|known| ring.contains(known)) {
                self.inner.key_checks().await?
            } else {
                ring.to_vec()
            };
            return self.inner.add_key_check(new, &ring).await;
        }
        self.inner.add_key_check(new, ring).await
    }

    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()> {
        self.inner.remove_key_check(name).await
    }
}
