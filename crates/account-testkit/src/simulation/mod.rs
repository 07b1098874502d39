//! Deterministic simulation: many people, many requests at once on two nodes over one store, under a
//! clock that jumps both ways, with calls of store, throttle and mailer that are slow, fail or lose their
//! answers, a source of randomness that runs dry, somebody who guesses, requests that are cancelled and
//! nodes that die. One seed determines all of it, to the byte of its log.
//!
//! Every write is judged at the moment it takes effect, and every answer when it arrives, by the
//! [services' model](crate::services): nobody gets in, and nothing changes, but for what the model
//! grants at that moment; what was acknowledged is there, what was refused left nothing behind. Wrong
//! guesses are counted and right ones are not; every mail of what stands is handed on, and no other.
//! The store is the kit's own in memory: this examines services, not adapters.

mod chronicle;
mod crowd;
mod run;
mod storm;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use account_core::ports::throttle::Throttle;

use crate::Store;
use chronicle::Listener;
use run::Run;

/// A run to be made.
///
/// ```
/// use account_testkit::simulation::Simulation;
/// let report = Simulation::new(7).run(500)?;
/// assert_eq!(Simulation::new(7).run(500)?.log_sha256, report.log_sha256);
/// # Ok::<(), account_testkit::simulation::Finding>(())
/// ```
pub struct Simulation {
    seed: u64,
    between: Between,
    listener: Option<Listener>,
}

/// What stands between the services and the outside.
struct Between {
    store: Box<dyn Fn(Store) -> Store>,
    throttle: BetweenThrottle,
}

type BetweenThrottle = Box<dyn Fn(Arc<dyn Throttle>) -> Arc<dyn Throttle>>;

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Simulation {
    /// The run that belongs to `seed`.
    pub fn new(seed: u64) -> Self {
        let between = Between { store: Box::new(|store| store), throttle: Box::new(|throttle| throttle) };
        Self { seed, between, listener: None }
    }

    /// Puts something between the services and the store, such as a planted fault.
    #[must_use]
    pub fn through(mut self, between: impl Fn(Store) -> Store + 'static) -> Self {
        self.between.store = Box::new(between);
        self
    }

    /// Puts something between the services and the throttle.
    #[must_use]
    pub fn through_throttle(
        mut self,
        between: impl Fn(Arc<dyn Throttle>) -> Arc<dyn Throttle> + 'static,
    ) -> Self {
        self.between.throttle = Box::new(between);
        self
    }

    /// Hands on each line of the log as it is written.
    #[must_use]
    pub fn listened_to_by(mut self, listener: impl FnMut(&str) + Send + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Makes so many steps; each lets one request go on until it next waits.
    ///
    /// # Errors
    /// The first thing that must not be.
    pub fn run(self, steps: u64) -> Result<Report, Finding> {
        let Self { seed, between, listener } = self;
        match Run::new(seed, &between, listener) {
            Ok(run) => run.steps(steps),
            Err(words) => Err(Finding { seed, step: 0, words, last: Vec::new() }),
        }
    }
}

/// What a run came to that found nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// How many steps were made.
    pub steps: u64,
    /// How many requests began.
    pub requests: u64,
    /// How many were granted.
    pub granted: u64,
    /// How many commits took effect.
    pub commits: u64,
    /// How many requests were dropped on their way.
    pub cancelled: u64,
    /// How many calls of store and throttle failed, before or after they took effect.
    pub faults: u64,
    /// How many mails were not taken, taken unheard, or refused for good.
    pub mail_faults: u64,
    /// How often the source of randomness failed.
    pub droughts: u64,
    /// How many refusals no single moment explains, but changes between a request's steps do.
    pub torn: u64,
    /// How often each kind of request came to what.
    pub outcomes: BTreeMap<String, u64>,
    /// SHA-256 over the lines of the log, in hexadecimal: equal for equal runs.
    pub log_sha256: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, steps, requests, granted, commits, cancelled, torn, .. } = self;
        let Self { faults, mail_faults, droughts, .. } = self;
        write!(
            f,
            "seed {seed}: {steps} steps, {requests} requests ({granted} granted, {cancelled} cancelled, {torn} \
             torn), {commits} commits, {faults} store faults, {mail_faults} of the mailer, {droughts} of randomness; nothing \
             found. log sha256 {}",
            self.log_sha256
        )
    }
}

/// Something that must not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The seed that leads to it.
    pub seed: u64,
    /// The step at which it was seen.
    pub step: u64,
    /// What it is.
    pub words: String,
    /// The last lines of the log.
    pub last: Vec<String>,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.last {
            writeln!(f, "{line}")?;
        }
        let steps = self.step.saturating_add(1);
        write!(
            f,
            "seed {}, step {}: {}\nshown again by --seed {} --steps {steps}",
            self.seed, self.step, self.words, self.seed
        )
    }
}

impl std::error::Error for Finding {}
