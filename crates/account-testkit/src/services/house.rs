//! The services put together for a trial: over a witnessed store and throttle, with a clock that jumps,
//! entropy from a seed, a cheap hasher, and a postman who tells the watch. Entropy and postman fail when
//! the weather says so.

use std::sync::Arc;
use std::time::Duration;

use account_core::Accounts;
use account_core::mail::Message;
use account_core::policy::{Limits, Policy};
use account_core::ports::clock::Clock;
use account_core::ports::entropy::{Entropy, EntropyError};
use account_core::ports::keyring::Keyring;
use account_core::ports::mailer::{Mailer, MailerError};
use account_core::ports::throttle::Throttle;
use account_core::time::Timestamp;
use async_trait::async_trait;

use super::watch::Watch;
use super::witness::{Mailing, Weather};
use crate::broken::Broken;
use crate::{InlineHasher, ManualClock, SeededEntropy, Store};

/// Two keys that protect nothing. Either may be the one that writes.
const KEYS: [&str; 2] =
    ["one:q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=", "two:NFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI="];

/// The keyring whose writing key is this one.
pub(crate) fn keyring(writing: usize) -> Result<Keyring, Broken> {
    let mut keys = KEYS;
    keys.rotate_left(usize::from(writing % 2 == 1));
    Keyring::parse(&keys.join("\n")).map_err(|error| Broken::new(format!("the kit's keyring: {error}")))
}

/// Small limits are met often. Budgets are on but for some variants: what they refuse would else never
/// be looked at.
pub(crate) fn policy(variant: u64) -> Policy {
    use account_core::policy::{ApiKeyPolicy, TwoFactorRequired};
    let mut policy = Policy {
        limits: Limits { api_keys: 4, ssh_keys: 2, sessions: 3, pending_sign_ins: 2, second_factor_tries: 2 },
        mail: true,
        public_url: "https://example.com".to_owned(),
        throttled: variant % 4 != 3,
        ..Policy::default()
    };
    // A code of a day's end must meet the sweep of the trail now and then.
    policy.lifetimes.activity = Duration::from_secs(2 * 86_400);
    policy.revoke_api_keys_on_password_change = variant & 1 != 0;
    policy.end_sessions_on_two_factor_change = variant & 2 != 0;
    policy.verified_email_required = variant % 5 == 4;
    if variant % 7 == 6 {
        policy.two_factor_required = TwoFactorRequired::Everybody;
    }
    if variant % 11 == 10 {
        policy.api_keys = ApiKeyPolicy::SessionOnly;
    }
    policy
}

/// A manual clock whose readers are noted.
pub(super) struct WatchedClock {
    clock: ManualClock,
    watch: Arc<Watch>,
}

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        let now = self.clock.now();
        self.watch.clock_read(now);
        now
    }
}

/// Hands on what the weather lets through.
struct Postman {
    watch: Arc<Watch>,
    weather: Arc<dyn Weather>,
}

#[async_trait]
impl Mailer for Postman {
    async fn deliver(&self, message: &Message) -> Result<(), MailerError> {
        let mailing = self.weather.mail().await;
        match mailing {
            Mailing::HandedOn | Mailing::HandedOnUnheard => self.watch.delivered(message),
            Mailing::Never => self.watch.refused_for_good(message),
            Mailing::NotNow => {}
        }
        match mailing {
            Mailing::HandedOn => Ok(()),
            Mailing::Never => Err(MailerError::Never("a simulated refusal".into())),
            Mailing::NotNow | Mailing::HandedOnUnheard => {
                Err(MailerError::NotNow("a simulated failure".into()))
            }
        }
    }
}

/// Random bytes until the weather says otherwise.
struct WatchedEntropy {
    inner: SeededEntropy,
    weather: Arc<dyn Weather>,
}

impl Entropy for WatchedEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        if self.weather.entropy_fails() {
            // What is left in it must be used for nothing.
            out.fill(0);
            return Err(EntropyError);
        }
        self.inner.fill(out)
    }
}

/// What the services talk to.
pub(crate) struct Outside {
    /// Has a witness in it that tells the watch.
    pub(crate) store: Store,
    /// As well.
    pub(crate) throttle: Arc<dyn Throttle>,
    pub(crate) weather: Arc<dyn Weather>,
}

/// One trial's ports. Nodes come and go; store, clock and seed stay.
pub(crate) struct House {
    pub(crate) watch: Arc<Watch>,
    pub(crate) mailer: Arc<dyn Mailer>,
    store: Store,
    clock: Arc<WatchedClock>,
    throttle: Arc<dyn Throttle>,
    entropy: Arc<WatchedEntropy>,
    hasher: Arc<InlineHasher>,
    policy: Policy,
}

impl House {
    /// `outside` has witnesses in it that tell `watch`.
    pub(crate) fn new(outside: Outside, watch: Arc<Watch>, policy: Policy, seed: u64) -> Self {
        let Outside { store, throttle, weather } = outside;
        let clock = ManualClock::default();
        Self {
            mailer: Arc::new(Postman { watch: watch.clone(), weather: weather.clone() }),
            throttle,
            clock: Arc::new(WatchedClock { clock, watch: watch.clone() }),
            watch,
            store,
            entropy: Arc::new(WatchedEntropy { inner: SeededEntropy::new(seed), weather }),
            hasher: Arc::new(InlineHasher::default()),
            policy,
        }
    }

    /// A node that writes with this key of the ring.
    pub(crate) async fn node(&self, writing: usize) -> Result<Accounts, Broken> {
        Accounts::builder(self.store.clone(), keyring(writing)?)
            .clock(self.clock.clone())
            .entropy(self.entropy.clone())
            .throttle(self.throttle.clone())
            .hasher(self.hasher.clone())
            .policy(self.policy.clone())
            .build()
            .await
            .map_err(|error| Broken::new(format!("the services did not start: {error}")))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.clock.now()
    }

    /// The clock jumps.
    pub(crate) fn jump(&self, forwards: bool, by: Duration) {
        if forwards {
            self.clock.clock.advance(by)
        } else {
            self.clock.clock.step_back(by)
        }
        self.watch.clock_set(self.now(), forwards);
    }
}
