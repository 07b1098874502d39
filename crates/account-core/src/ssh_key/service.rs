//! Listing, adding and removing SSH keys (contract 6).

use std::convert::Infallible;

use crate::accounts::{Accounts, Decision};
use crate::activity::{Event, Recorder};
use crate::creation::{self, Found, IdempotencyDigest, IdempotencyKey, Once};
use crate::error::{Error, Limit};
use crate::field::Fault;
use crate::mail::Notice;
use crate::policy::{Limits, Operation};
use crate::principal::{Actor, Principal};
use crate::ssh_key::{Fingerprint, SshKey, SshKeyName, SshPublicKey};
use crate::store::{AccountState, Change};
use crate::time::Timestamp;

/// SSH keys; opened by [`Accounts::ssh_keys`].
#[derive(Clone, Copy)]
pub struct SshKeys<'a>(pub(crate) &'a Accounts);

impl SshKeys<'_> {
    /// The caller's keys, oldest first.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn list(&self, who: &Principal) -> Result<Vec<SshKey>, Error> {
        self.0.permits(who, Operation::ListSshKeys)?;
        Ok(self.0.inner.store.ssh_keys(who.account().id).await?)
    }

    /// Adds a key. The same key may be on several accounts.
    ///
    /// # Errors
    /// [`Error::Invalid`] if the account has it; [`Error::LimitReached`].
    pub async fn add(
        &self,
        who: &Principal,
        name: &SshKeyName,
        public_key: &SshPublicKey,
    ) -> Result<SshKey, Error> {
        let Once::Made(added) =
            self.add_unless(who, (name, public_key), None, |_, _| Ok(None::<Infallible>)).await?;
        Ok(added)
    }

    /// Adds a key, unless a request of this name added it less than a day ago, whoever of the account
    /// asked: then nothing is written, and the answer is that key (REL-07). A name is forgotten with
    /// the key that was added under it.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if the request of this name asked for anything else; those of
    /// [`add`](Self::add).
    pub async fn add_once(
        &self,
        who: &Principal,
        name: &SshKeyName,
        public_key: &SshPublicKey,
        request: &IdempotencyKey,
    ) -> Result<Once<SshKey>, Error> {
        let request = request.digest(who.account().uid);
        let before =
            |state: &AccountState, now: Timestamp| added_before(state, (name, public_key), request, now);
        self.add_unless(who, (name, public_key), Some(request), before).await
    }

    async fn add_unless<Old: Send>(
        &self,
        who: &Principal,
        (name, public_key): (&SshKeyName, &SshPublicKey),
        idempotency: Option<IdempotencyDigest>,
        before: impl Fn(&AccountState, Timestamp) -> Result<Option<Old>, Error> + Send + Sync,
    ) -> Result<Once<SshKey, Old>, Error> {
        self.0.permits(who, Operation::AddSshKey)?;
        let (recorder, notice) = (self.0.recorder(who)?, self.0.mail_id()?);
        let limits = &self.0.inner.policy.limits;
        let added = self.0.decide(Actor::Principal(who), |state, now| {
            creation::once(before(state, now), || {
                let (name, public_key) = (name.clone(), public_key.clone());
                let key = SshKey { name, public_key, created_at: now, idempotency };
                let (mut changes, key) = add(state, key, limits, &recorder, now)?;
                changes.extend(self.0.notify(state, notice, Notice::SshKeyAdded, now)?);
                Ok((changes, key))
            })
        });
        added.await
    }

    /// Removes a key; one that the account does not have is no error. The fingerprint is taken as the
    /// client wrote it, with or without `SHA256:` and padding.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn remove(&self, who: &Principal, fingerprint: &str) -> Result<(), Error> {
        self.0.permits(who, Operation::RemoveSshKey)?;
        let Some(fingerprint) = Fingerprint::parse(fingerprint) else { return Ok(()) };
        let recorder = self.0.recorder(who)?;
        let removed = self.0.decide(Actor::Principal(who), |state, now| {
            if !state.ssh_keys.iter().any(|key| key.fingerprint() == fingerprint) {
                return Decision::unchanged(());
            }
            let record =
                recorder.change(Event::SshKeyRemoved, &[("fingerprint", fingerprint.to_string())], now);
            Decision::committed(vec![Change::RemoveSshKey(fingerprint), record], ())
        });
        removed.await
    }
}

/// The key that an earlier request of this name added; refused where it was another one.
fn added_before(
    state: &AccountState,
    (name, public_key): (&SshKeyName, &SshPublicKey),
    request: IdempotencyDigest,
    now: Timestamp,
) -> Result<Option<SshKey>, Error> {
    match creation::find(state, request, now) {
        None => Ok(None),
        Some(Found::SshKey(key)) if key.name == *name && key.public_key == *public_key => {
            Ok(Some(key.clone()))
        }
        Some(_) => Err(Error::IdempotencyKeyReused),
    }
}

fn add(
    state: &AccountState,
    key: SshKey,
    limits: &Limits,
    recorder: &Recorder,
    now: Timestamp,
) -> Result<(Vec<Change>, SshKey), Error> {
    let fingerprint = key.fingerprint();
    if state.ssh_keys.iter().any(|other| other.fingerprint() == fingerprint) {
        return Err(Error::field("public_key", Fault::SshKeyPresent));
    }
    if state.ssh_keys.len() >= limits.ssh_keys {
        return Err(Error::LimitReached(Limit::SshKeys));
    }
    let record = recorder.change(Event::SshKeyAdded, &[("fingerprint", fingerprint.to_string())], now);
    Ok((vec![Change::AddSshKey(key.clone()), record], key))
}
