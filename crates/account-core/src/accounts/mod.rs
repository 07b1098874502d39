//! The handle that everyone holds, and the services it opens.
//!
//! It holds the ports and nothing else; cloning it is cheap. Rules live in the rooms of the
//! capabilities, not here.

mod authenticate;
mod budgets;
mod builder;
mod decide;
mod lines;
mod observed;
mod reseal;
mod turns;
mod upkeep;

pub use builder::{AccountsBuilder, StartError};
pub use reseal::Resealed;
pub use upkeep::Swept;

pub(crate) use budgets::{DAY, Guess, HOUR, MINUTE};
pub(crate) use decide::{Decision, Undecided};

use std::sync::Arc;

use crate::accounts::lines::Lines;
use crate::accounts::observed::Observed;
use crate::accounts::turns::Turns;
use crate::activity::ActivityLog;
use crate::admin::Admin;
use crate::api_key::ApiKeys;
use crate::email::Emails;
use crate::error::Error;
use crate::mail::Recovery;
use crate::password::{PasswordHash, Passwords};
use crate::policy::{Operation, Policy};
use crate::ports::alarm::AlarmSink;
use crate::ports::clock::Clock;
use crate::ports::entropy::Entropy;
use crate::ports::hasher::PasswordHasher;
use crate::ports::keyring::Keyring;
use crate::ports::listener::CommitListener;
use crate::ports::throttle::Throttle;
use crate::principal::Principal;
use crate::session::Sessions;
use crate::sign_in::SignIn;
use crate::ssh_key::SshKeys;
use crate::store::AccountStore;
use crate::time::Timestamp;
use crate::two_factor::TwoFactorService;

/// All operations on accounts, over a store and the other ports. Made by [`Accounts::builder`].
#[derive(Clone)]
pub struct Accounts {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn AccountStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hasher: Arc<dyn PasswordHasher>,
    pub(crate) keyring: Keyring,
    pub(crate) throttle: Arc<dyn Throttle>,
    pub(crate) alarms: Arc<dyn AlarmSink>,
    pub(crate) listener: Option<Arc<dyn CommitListener>>,
    pub(crate) policy: Policy,
    /// Verified against when nobody has the name, so that it costs the same (SEC-11).
    pub(crate) nobodys_password: PasswordHash,
    pub(crate) turns: Turns,
    pub(crate) lines: Lines,
    pub(crate) observed: Observed,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").field("policy", &self.inner.policy).finish_non_exhaustive()
    }
}

impl Accounts {
    /// Begins to put the ports together.
    pub fn builder(store: Arc<dyn AccountStore>, keyring: Keyring) -> AccountsBuilder {
        AccountsBuilder::new(store, keyring)
    }

    /// What was decided when this was built.
    pub fn policy(&self) -> &Policy {
        &self.inner.policy
    }

    /// The present time, as the services see it.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Whether the store can be read and written now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.inner.store.ready().await?)
    }

    /// Whether policy lets this caller ask for this. Every service asks for itself; an edge asks
    /// before it reads a body, and for routes of its own.
    ///
    /// # Errors
    /// [`Error::TwoFactorRequired`] or [`Error::SessionRequired`].
    pub fn permits(&self, who: &Principal, operation: Operation) -> Result<(), Error> {
        self.inner.policy.permits(who.account(), who.is_api_key(), operation)
    }

    /// The e-mail address.
    pub fn emails(&self) -> Emails<'_> {
        Emails(self)
    }

    /// The password.
    pub fn passwords(&self) -> Passwords<'_> {
        Passwords(self)
    }

    /// The second factor.
    pub fn two_factor(&self) -> TwoFactorService<'_> {
        TwoFactorService(self)
    }

    /// API keys.
    pub fn api_keys(&self) -> ApiKeys<'_> {
        ApiKeys(self)
    }

    /// SSH keys.
    pub fn ssh_keys(&self) -> SshKeys<'_> {
        SshKeys(self)
    }

    /// Sessions.
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }

    /// The audit trail.
    pub fn activity(&self) -> ActivityLog<'_> {
        ActivityLog(self)
    }

    /// Signing in.
    pub fn sign_in(&self) -> SignIn<'_> {
        SignIn(self)
    }

    /// Recovery by mail.
    pub fn recovery(&self) -> Recovery<'_> {
        Recovery(self)
    }

    /// Administration, for a command line and for embedders.
    pub fn admin(&self) -> Admin<'_> {
        Admin(self)
    }
}
