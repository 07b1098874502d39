//! The services' model: what somebody may do to [`Accounts`](account_core::Accounts), step by step,
//! over any store, compared with a tiny reference model that knows who gets in, with what, from
//! where, after which history.
//!
//! Each case is a list of requests made up by proptest, so a failure shrinks to a short story. After
//! every step the store is read back whole: each account holds what the model says and nothing else,
//! and its audit trail grew by exactly the entries of the step. Requests come one after the other
//! here; many at once, faults and cancellations are the [simulation](crate::simulation)'s.

mod answer;
mod budget_book;
mod dice;
mod expected;
mod house;
mod mail_book;
mod perform;
mod proposal;
mod request;
mod story;
mod verdicts;
mod wallet;
mod watch;
mod witness;
mod witnessed_throttle;
mod writes;

use std::fmt;
use std::sync::Arc;

use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::Adapter;

pub(crate) use answer::Answer;
pub(crate) use dice::Dice;
pub(crate) use expected::Town;
pub(crate) use house::{House, Outside, keyring, policy};
pub(crate) use perform::perform;
pub(crate) use proposal::{Proposal, jump, propose};
pub(crate) use request::{Request, Upkeep};
pub(crate) use wallet::Wallet;
pub(crate) use watch::{FlightId, Watch};
pub(crate) use witness::{Calm, Mailing, Weather, Witness};
pub(crate) use witnessed_throttle::WitnessedThrottle;

/// Bytes of one deed: enough for every choice it has.
const DEED: usize = 12;

/// The most deeds of a case.
const DEEDS: usize = 100;

/// What the services did that the model does not, and the shortest story that shows it.
#[derive(Debug, Clone)]
pub struct Disagreement(String);

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Disagreement {}

/// Runs `cases` stories over fresh stores of an adapter.
///
/// ```
/// use account_testkit::{Adapter, Fresh, MemoryStore, services};
/// let memory = Adapter::new(|| async { Fresh::from(MemoryStore::new()) });
/// services::agree(&memory, 3)?;
/// # Ok::<(), services::Disagreement>(())
/// ```
///
/// # Errors
/// The shortest story found in which services and model disagree.
pub fn agree(adapter: &Adapter, cases: u32) -> Result<(), Disagreement> {
    agree_through(adapter, cases, |store| store)
}

/// The same with something between the services and the store, such as a planted fault.
///
/// # Errors
/// As [`agree`].
pub fn agree_through(
    adapter: &Adapter,
    cases: u32,
    between: impl Fn(crate::Store) -> crate::Store,
) -> Result<(), Disagreement> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 1000, ..Config::default() };
    let deeds = vec(vec(any::<u8>(), DEED), 1..DEEDS);
    let outcome = TestRunner::new(config).run(&(any::<u8>(), deeds), |(variant, deeds)| {
        told(adapter, &between, variant, &deeds).map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => Ok(()),
        Err(TestError::Fail(words, _)) => Err(Disagreement(words.message().to_owned())),
        Err(TestError::Abort(words)) => Err(Disagreement(format!("no case could be run: {words}"))),
    }
}

fn told(
    adapter: &Adapter,
    between: &impl Fn(crate::Store) -> crate::Store,
    variant: u8,
    deeds: &[Vec<u8>],
) -> Result<(), String> {
    let policy = policy(u64::from(variant));
    let fresh = adapter.fresh().map_err(|broken| broken.to_string())?;
    let inner = fresh.store().map_err(|broken| broken.to_string())?;
    let ring = Arc::new(keyring(0).map_err(|broken| broken.to_string())?);
    let now = account_core::ports::clock::Clock::now(&crate::ManualClock::default());
    let watch = Arc::new(Watch::new(Town::new(policy.clone()), ring, now));
    let weather: Arc<dyn Weather> = Arc::new(Calm);
    let witness = Witness { inner: inner.clone(), watch: watch.clone(), weather: weather.clone() };
    let counts = Arc::new(crate::MemoryStore::new());
    let throttle = WitnessedThrottle { inner: counts, watch: watch.clone(), weather: weather.clone() };
    let outside = Outside { store: between(Arc::new(witness)), throttle: Arc::new(throttle), weather };
    let house = House::new(outside, watch, policy, u64::from(variant));
    let told = adapter.wait(story::tell(&house, &inner, deeds)).map_err(|broken| broken.to_string());
    drop((house, inner));
    adapter.close(fresh).map_err(|broken| broken.to_string())?;
    told?
}
