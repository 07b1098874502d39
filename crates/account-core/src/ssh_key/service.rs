//! Listing, adding and removing SSH keys (contract 6).

use crate::accounts::{Accounts, Decision};
use crate::activity::{Event, Recorder};
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
        self.0.permits(who, Operation::AddSshKey)?;
        let (recorder, notice) = (self.0.recorder(who)?, self.0.mail_id()?);
        let limits = &self.0.inner.policy.limits;
        let added = self.0.decide(Actor::Principal(who), |state, now| {
            let key = SshKey { name: name.clone(), public_key: public_key.clone(), created_at: now };
            let rule = || -> Result<(Vec<Change>, SshKey), Error> {
                let (mut changes, key) = add(state, key, limits, &recorder, now)?;
                changes.extend(self.0.notify(state, notice, Notice::SshKeyAdded, now)?);
                Ok((changes, key))
            };
            rule().into()
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
