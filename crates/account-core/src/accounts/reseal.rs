//! Moving rows from older keys of the keyring to the current one, in batches, while serving.
//!
//! Each account is moved by the ordinary guarded commit, so a row that changes meanwhile is read
//! again. The walk can stop anywhere and begin again: what is done is done.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use crate::accounts::Accounts;
use crate::api_key::mac::Grant;
use crate::error::Error;
use crate::id::AccountId;
use crate::ports::keyring::{KeyName, Purpose, Sealed};
use crate::principal::Actor;
use crate::session::Bound;
use crate::store::{AccountState, Change};
use crate::two_factor::{PendingTwoFactor, StoredRecoveryCode, TwoFactor};

/// What one batch came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Resealed {
    /// The last account that was looked at: where the next batch begins. `None` when there was none left.
    pub last: Option<AccountId>,
    /// How many accounts were looked at.
    pub looked_at: u64,
    /// How many accounts were moved.
    pub moved: u64,
    /// Older keys that rows of this batch still name: password hashes move at their owner's next
    /// sign-in, and what was forged never does. Such a key cannot be retired.
    pub still_named: BTreeSet<KeyName>,
}

impl Accounts {
    /// Moves up to `limit` accounts after `after` to the current key.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn reseal(&self, after: Option<AccountId>, limit: u32) -> Result<Resealed, Error> {
        let mut done = Resealed::default();
        for account in self.inner.store.accounts(after, limit.clamp(1, 1000)).await? {
            done.last = Some(account.id);
            done.looked_at = done.looked_at.saturating_add(1);
            let moved = self.decide(Actor::Claimant(account.id, account.uid), |state, _| {
                self.reseal_rule(state)
                    .map(|changes| {
                        let any = !changes.is_empty();
                        (changes, any)
                    })
                    .into()
            });
            match moved.await {
                Ok(any) => done.moved = done.moved.saturating_add(u64::from(any)),
                // Deleted meanwhile.
                Err(Error::Unauthenticated) => continue,
                Err(other) => return Err(other),
            }
            if let Some(state) = self.inner.store.state(account.id).await? {
                done.still_named.extend(self.older_names(&state));
            }
        }
        Ok(done)
    }

    /// Retires an older key: takes its check out of the store, so that the keyring may lose it. Looks
    /// at every account first; `false` if it is the current key or some row still names it. Queued mail
    /// is not looked at, and gone after the lifetime of mail.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn retire_key(&self, name: &KeyName) -> Result<bool, Error> {
        if self.inner.keyring.is_current(name) {
            return Ok(false);
        }
        let mut after = None;
        loop {
            let batch = self.reseal(after, 500).await?;
            if batch.still_named.contains(name) {
                return Ok(false);
            }
            match batch.last {
                Some(last) => after = Some(last),
                None => break,
            }
        }
        self.inner.store.remove_key_check(name).await?;
        Ok(true)
    }

    fn reseal_rule(&self, state: &AccountState) -> Result<Vec<Change>, Error> {
        let (keyring, uid) = (&self.inner.keyring, state.account.uid);
        let mut changes = Vec::new();
        if let Some(pending) = &state.pending_two_factor
            && let Some(secret) = self.moved(Purpose::TotpSecret, &[uid.as_bytes()], &pending.secret)?
        {
            let pending = PendingTwoFactor { secret, ..pending.clone() };
            changes.push(Change::SetPendingTwoFactor(Some(pending)));
        }
        if let Some(active) = &state.two_factor
            && let Some(secret) = self.moved(Purpose::TotpSecret, &[uid.as_bytes()], &active.secret)?
        {
            changes.push(Change::SetTwoFactor(Some(TwoFactor { secret, ..active.clone() })));
        }
        changes.extend(self.reseal_recovery_codes(state)?);
        for key in state.api_keys.iter().filter(|key| !keyring.is_current(key.mac.key_name())) {
            let grant = Grant::of(uid, key);
            if self.genuine(grant.verify(keyring, &key.mac), "API key", || key.identifier.to_string()).is_ok()
            {
                changes.push(Change::SetApiKeyMac(key.identifier, grant.mac(keyring)));
            }
        }
        for session in state.sessions.iter().filter(|session| !keyring.is_current(session.mac.key_name())) {
            let bound = Bound::of(uid, session);
            if self.genuine(bound.verify(keyring, &session.mac), "session", || session.id.to_string()).is_ok()
            {
                changes.push(Change::SetSessionMac(session.id, bound.mac(keyring)));
            }
        }
        Ok(changes)
    }

    fn reseal_recovery_codes(&self, state: &AccountState) -> Result<Option<Change>, Error> {
        let (mut codes, mut any) = (Vec::with_capacity(state.recovery_codes.len()), false);
        for code in &state.recovery_codes {
            let context: [&[u8]; 3] = [state.account.uid.as_bytes(), code.set.as_bytes(), &[code.position]];
            let moved = self.moved(Purpose::RecoveryCode, &context, &code.digest)?;
            any |= moved.is_some();
            let digest = moved.unwrap_or_else(|| code.digest.clone());
            codes.push(StoredRecoveryCode { set: code.set, position: code.position, digest });
        }
        Ok(any.then_some(Change::ReplaceRecoveryCodes(codes)))
    }

    /// The value under the current key; `None` if it is there already, or was forged and stays as it is.
    fn moved(&self, purpose: Purpose, context: &[&[u8]], sealed: &Sealed) -> Result<Option<Sealed>, Error> {
        use crate::ports::keyring::OpenError;
        if self.inner.keyring.is_current(sealed.key_name()) {
            return Ok(None);
        }
        let opened: Zeroizing<Vec<u8>> = match self.inner.keyring.open(purpose, context, sealed) {
            Ok(opened) => opened,
            // It stays as it is, and is named among those that cannot be retired.
            Err(OpenError::UnknownKey(_) | OpenError::Forged) => return Ok(None),
        };
        Ok(Some(self.inner.keyring.seal(&*self.inner.entropy, purpose, context, &opened)?))
    }

    fn older_names(&self, state: &AccountState) -> BTreeSet<KeyName> {
        let sealed = state.pending_two_factor.iter().map(|pending| pending.secret.key_name());
        let sealed = sealed.chain(state.two_factor.iter().map(|active| active.secret.key_name()));
        let sealed = sealed.chain(state.recovery_codes.iter().map(|code| code.digest.key_name()));
        let macs = state.api_keys.iter().map(|key| key.mac.key_name());
        let macs = macs.chain(state.sessions.iter().map(|session| session.mac.key_name()));
        let pepper = state.password.pepper_name().ok().flatten();
        let names = sealed.chain(macs).cloned().chain(pepper);
        names.filter(|name| !self.inner.keyring.is_current(name)).collect()
    }
}
