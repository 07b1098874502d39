//! The hot path: from a presented secret to a [`Principal`], with one read of the store.

use std::net::IpAddr;

use crate::account::Account;
use crate::accounts::{Accounts, MINUTE};
use crate::activity::Event;
use crate::api_key::{self, ApiKeyToken, StoredApiKey};
use crate::error::Error;
use crate::id::Digest;
use crate::ports::alarm::Alarm;
use crate::ports::keyring::OpenError;
use crate::ports::throttle::{Refill, Verdict};
use crate::principal::{Credential, Principal};
use crate::session;

/// Audit entries of one key used from one address that it is not for.
const BLOCKED_ENTRIES_A_MINUTE: u32 = 10;

impl Accounts {
    /// Who presents this API key, from this address. There is no cache: a key deleted on any node is
    /// refused in the next request (SEC-37).
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for every key that does not stand, alike;
    /// [`Error::WrongKeyKind`] for one of the application kind; [`Error::AddressNotAllowed`] for one
    /// that is not for this address, which is put on the audit trail.
    pub async fn authenticate_api_key(
        &self,
        presented: &str,
        client: Option<IpAddr>,
    ) -> Result<Principal, Error> {
        let token = ApiKeyToken::parse(presented).ok_or(Error::Unauthenticated)?;
        if token.identifier().is_application() {
            return Err(Error::WrongKeyKind);
        }
        let digest = token.secret_digest();
        let Some((key, account)) = self.inner.store.api_key(&token.identifier()).await? else {
            // The same compare as for a known key: how long it takes tells nothing (SEC-33).
            let _ = digest.matches(&Digest::from_bytes([0; 32]));
            return Err(Error::Unauthenticated);
        };
        let now = self.inner.clock.now();
        if !digest.matches(&key.secret) {
            return Err(Error::Unauthenticated);
        }
        let genuine = api_key::mac::Grant::of(account.uid, &key).verify(&self.inner.keyring, &key.mac);
        self.genuine(genuine, "API key", || key.identifier.to_string())?;
        if account.disabled_at.is_some() || key.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::Unauthenticated);
        }
        if !api_key::mac::admits(&key.allowed_ips, client) {
            self.record_blocked_address(&account, &key, client).await?;
            return Err(Error::AddressNotAllowed(client));
        }
        self.inner.observed.api_key(account.uid, &key, now);
        Ok(Principal::new(account, Credential::ApiKey(key.identifier), client))
    }

    /// Who presents this session token, from this address (sessions are not bound to addresses).
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for every token that does not stand, alike.
    pub async fn authenticate_session(
        &self,
        presented: &str,
        client: Option<IpAddr>,
    ) -> Result<Principal, Error> {
        let token = session::SessionToken::parse(presented).ok_or(Error::Unauthenticated)?;
        let found = self.inner.store.session(&token.digest()).await?;
        let (stored, account) = found.ok_or(Error::Unauthenticated)?;
        let genuine = session::Bound::of(account.uid, &stored).verify(&self.inner.keyring, &stored.mac);
        self.genuine(genuine, "session", || stored.id.to_string())?;
        let (now, lifetimes) = (self.inner.clock.now(), &self.inner.policy.sessions);
        let live = session::is_live(&stored, account.password_epoch, now, lifetimes);
        if !live || account.disabled_at.is_some() {
            return Err(Error::Unauthenticated);
        }
        self.inner.observed.session(account.uid, &stored, now, lifetimes.idle);
        Ok(Principal::new(account, Credential::Session(stored.id), client))
    }

    /// At most ten entries a minute for one key and client: a leaked key must not fill the trail.
    async fn record_blocked_address(
        &self,
        account: &Account,
        key: &StoredApiKey,
        client: Option<IpAddr>,
    ) -> Result<(), Error> {
        let (identifier, host) =
            (key.identifier.to_string(), client.map(|ip| ip.to_string()).unwrap_or_default());
        let about = [identifier.as_bytes(), host.as_bytes()];
        let budget =
            self.budget("address-blocked", &about, BLOCKED_ENTRIES_A_MINUTE, MINUTE, Refill::AllAtOnce);
        if self.reserve(&[budget], self.now()).await? != Verdict::Taken {
            return Ok(());
        }
        let recorder = self.recorder_without_actor(Some(account.uid), client)?;
        let mut entry =
            recorder.entry(Event::AddressBlocked, &[("identifier", identifier)], self.inner.clock.now());
        entry.api_key = Some(key.identifier);
        self.record(Some(account.id), entry).await
    }

    /// A forged row is as good as absent, and an alarm; a missing key is the operator's fault, and
    /// must never look like a wrong credential.
    pub(crate) fn genuine(
        &self,
        verified: Result<(), OpenError>,
        what: &'static str,
        name: impl FnOnce() -> String,
    ) -> Result<(), Error> {
        match verified {
            Ok(()) => Ok(()),
            Err(OpenError::UnknownKey(key)) => {
                self.inner.alarms.raise(Alarm::UnknownKey { key: key.to_string() });
                Err(Error::UnknownKey(key))
            }
            Err(_) => {
                self.inner.alarms.raise(Alarm::Forged { what, name: name() });
                Err(Error::Unauthenticated)
            }
        }
    }
}
