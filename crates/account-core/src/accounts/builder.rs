//! Putting the ports together, and refusing to start with the wrong keyring.

use std::sync::Arc;

use thiserror::Error;

use crate::accounts::lines::Lines;
use crate::accounts::observed::Observed;
use crate::accounts::turns::Turns;
use crate::accounts::{Accounts, Inner};
use crate::policy::Policy;
use crate::ports::alarm::{AlarmSink, Silent};
use crate::ports::clock::{Clock, SystemClock};
use crate::ports::entropy::{Entropy, EntropyError, OsEntropy};
use crate::ports::hasher::{Argon2Kernel, HashingOptions, HashingThreads, PasswordHasher};
use crate::ports::keyring::{Keyring, KeyringError};
use crate::ports::listener::CommitListener;
use crate::ports::throttle::{InMemoryThrottle, Throttle};
use crate::store::{AccountStore, StoreError};

/// Why the services could not be put together.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// The keyring is not the one that the rows were written with.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The store could not be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The source of randomness failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The hashing threads could not be started.
    #[error("the hashing threads could not be started")]
    Hasher(#[from] std::io::Error),
    /// A policy that cannot be followed, and why.
    #[error("policy: {0}")]
    Policy(&'static str),
}

/// Collects the ports. All but store and keyring have defaults that are ready for production.
#[must_use]
pub struct AccountsBuilder {
    store: Arc<dyn AccountStore>,
    keyring: Keyring,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    hasher: Option<Arc<dyn PasswordHasher>>,
    throttle: Arc<dyn Throttle>,
    alarms: Arc<dyn AlarmSink>,
    listener: Option<Arc<dyn CommitListener>>,
    policy: Policy,
}

impl AccountsBuilder {
    pub(crate) fn new(store: Arc<dyn AccountStore>, keyring: Keyring) -> Self {
        Self {
            store,
            keyring,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
            hasher: None,
            throttle: Arc::new(InMemoryThrottle::new()),
            alarms: Arc::new(Silent),
            listener: None,
            policy: Policy::default(),
        }
    }

    /// Another clock than the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Another source of randomness than the operating system's.
    pub fn entropy(mut self, entropy: Arc<dyn Entropy>) -> Self {
        self.entropy = entropy;
        self
    }

    /// Another password hasher than [`HashingThreads`] with its defaults.
    pub fn hasher(mut self, hasher: Arc<dyn PasswordHasher>) -> Self {
        self.hasher = Some(hasher);
        self
    }

    /// Another throttle than the one in memory, which serves one node.
    pub fn throttle(mut self, throttle: Arc<dyn Throttle>) -> Self {
        self.throttle = throttle;
        self
    }

    /// Who is told of what should never happen; nobody by default.
    pub fn alarms(mut self, alarms: Arc<dyn AlarmSink>) -> Self {
        self.alarms = alarms;
        self
    }

    /// Who is told of every commit; nobody by default.
    pub fn listener(mut self, listener: Arc<dyn CommitListener>) -> Self {
        self.listener = Some(listener);
        self
    }

    /// Another policy than the default.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Compares the keyring with what the store knows of it, adds what is new, and is ready.
    ///
    /// # Errors
    /// [`StartError`]; nothing runs then.
    pub async fn build(self) -> Result<Accounts, StartError> {
        check(&self.policy)?;
        self.adopt_keyring().await?;
        let Self { store, keyring, clock, entropy, hasher, throttle, alarms, listener, policy } = self;
        let hasher = match hasher {
            Some(hasher) => hasher,
            None => Arc::new(HashingThreads::start(Argon2Kernel::default(), HashingOptions::default())?),
        };
        let nobodys_password = hasher.params().dummy_hash(keyring.current());
        let (turns, lines, observed) = (Turns::new(), Lines::default(), Observed::default());
        let inner = Inner {
            store,
            clock,
            entropy,
            hasher,
            keyring,
            throttle,
            alarms,
            listener,
            policy,
            nobodys_password,
            turns,
            lines,
            observed,
        };
        Ok(Accounts { inner: Arc::new(inner) })
    }

    /// Compares for good after it has added: of two nodes that start with different keyrings on an empty
    /// database, one is added and starts, and the other must find out.
    async fn adopt_keyring(&self) -> Result<(), StartError> {
        let new = self.keyring.verify_checks(&self.store.key_checks().await?)?;
        if let Some(new) = new {
            self.store.add_key_check(&new, &self.keyring.checks()).await?;
            self.keyring.verify_checks(&self.store.key_checks().await?)?;
        }
        Ok(())
    }
}

fn check(policy: &Policy) -> Result<(), StartError> {
    if policy.totp_window > 4 {
        return Err(StartError::Policy("the TOTP window is 0 to 4 steps"));
    }
    if policy.mail && policy.public_url.is_empty() {
        return Err(StartError::Policy("mail needs the public URL that its links begin with"));
    }
    Ok(())
}
