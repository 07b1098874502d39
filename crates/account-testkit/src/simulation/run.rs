//! The scheduler: which request goes on next, when the clock jumps, who is cancelled, which node dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use account_core::Accounts;
use account_core::ports::clock::Clock as _;

use super::chronicle::{Chronicle, Listener};
use super::crowd::{Crowd, Going};
use super::storm::Storm;
use super::{Between, Finding, Report};
use crate::services::{
    Dice, House, Outside, Proposal, Request, Town, Upkeep, Wallet, Watch, Witness, WitnessedThrottle, jump,
    keyring, perform, policy, propose,
};
use crate::{ManualClock, MemoryStore, SeededEntropy, block_on};

/// How many requests are under way at once.
const CROWD: usize = 8;

/// How many nodes share the store.
const NODES: usize = 2;

pub(super) struct Run {
    seed: u64,
    dice: SeededEntropy,
    chronicle: Arc<Chronicle>,
    storm: Arc<Storm>,
    house: House,
    nodes: Vec<Accounts>,
    crowd: Crowd,
    wallet: Wallet,
    begun: u64,
}

impl Run {
    pub(super) fn new(seed: u64, between: &Between, listener: Option<Listener>) -> Result<Self, String> {
        let dice = SeededEntropy::new(seed);
        let policy = policy(dice.next_u64());
        let ring = Arc::new(keyring(0).map_err(|broken| broken.to_string())?);
        let now = ManualClock::default().now();
        let watch = Arc::new(Watch::new(Town::new(policy.clone()), ring, now));
        let chronicle = Arc::new(Chronicle::new(listener));
        let storm = Arc::new(Storm {
            dice: SeededEntropy::new(dice.next_u64()),
            watch: watch.clone(),
            chronicle: chronicle.clone(),
            faults: AtomicU64::new(0),
            mail_faults: AtomicU64::new(0),
            droughts: AtomicU64::new(0),
            is_over: AtomicBool::new(false),
        });
        let memory = Arc::new(MemoryStore::new());
        let witness = Witness { inner: memory.clone(), watch: watch.clone(), weather: storm.clone() };
        let throttle = WitnessedThrottle { inner: memory, watch: watch.clone(), weather: storm.clone() };
        let outside = Outside {
            store: (between.store)(Arc::new(witness)),
            throttle: (between.throttle)(Arc::new(throttle)),
            weather: storm.clone(),
        };
        let house = House::new(outside, watch, policy, dice.next_u64());
        let mut run = Self {
            seed,
            dice,
            chronicle,
            storm,
            house,
            nodes: Vec::new(),
            crowd: Crowd::new(CROWD),
            wallet: Wallet::new(),
            begun: 0,
        };
        for _ in 0..NODES {
            let node = run.node()?;
            run.nodes.push(node);
        }
        Ok(run)
    }

    fn node(&self) -> Result<Accounts, String> {
        let writing = (&self.dice).roll(2);
        self.storm.is_over.store(true, Ordering::Relaxed);
        let node = block_on(self.house.node(writing)).map_err(|broken| broken.to_string());
        self.storm.is_over.store(false, Ordering::Relaxed);
        node
    }

    pub(super) fn steps(mut self, steps: u64) -> Result<Report, Finding> {
        for step in 0..=steps {
            self.chronicle.step(step);
            let stepped = if step < steps { self.step() } else { self.epilogue() };
            let broken = stepped.err().or_else(|| self.house.watch.broken());
            if let Some(words) = broken {
                let last = self.chronicle.last();
                return Err(Finding { seed: self.seed, step, words, last });
            }
        }
        Ok(self.report(steps))
    }

    /// After the storm the outbox is worked off, until nobody is owed a mail.
    fn epilogue(&mut self) -> Result<(), String> {
        for place in 0..CROWD {
            if let Some(going) = self.crowd.take(place) {
                self.drop_request(going);
            }
        }
        let node = self.node()?;
        self.storm.is_over.store(true, Ordering::Relaxed);
        // Beyond any time that the clock ever showed, and longer than the longest pause between two tries.
        for days in [1000, 1, 1, 1] {
            self.house.jump(true, Duration::from_secs(days * 86_400));
            self.begun = self.begun.saturating_add(1);
            let request = Request::Upkeep(Upkeep::DeliverMail);
            self.house.watch.begin(self.begun, request.clone());
            let answer = block_on(perform(&node, &*self.house.mailer, &request));
            self.house.watch.end(self.begun, &answer);
        }
        self.house.watch.seen().owes_no_mail()
    }

    fn report(&self, steps: u64) -> Report {
        let seen = self.house.watch.seen();
        Report {
            seed: self.seed,
            steps,
            requests: seen.counts.requests,
            granted: seen.counts.granted,
            commits: seen.counts.commits,
            cancelled: seen.counts.cancelled,
            torn: seen.counts.torn,
            faults: self.storm.faults.load(Ordering::Relaxed),
            mail_faults: self.storm.mail_faults.load(Ordering::Relaxed),
            droughts: self.storm.droughts.load(Ordering::Relaxed),
            outcomes: seen.tally.clone(),
            log_sha256: self.chronicle.hash(),
        }
    }

    fn step(&mut self) -> Result<(), String> {
        match (&self.dice).roll(1000) {
            0..3 => self.jump(),
            3..9 => self.cancel(),
            9 if (&self.dice).once_in(3) => self.replace_a_node()?,
            _ => {}
        }
        let open = self.crowd.open();
        let Some(place) = (&self.dice).one_of(&open).copied() else {
            return Err("every request waits for another: nothing can go on".to_owned());
        };
        if self.crowd.at(place).is_none() {
            self.begin(place);
        }
        let Some(going) = self.crowd.at(place) else { return Ok(()) };
        self.house.watch.attend(going.id);
        self.chronicle.write(&format!("#{} goes on", going.id));
        if let Some(answer) = going.go_on()
            && let Some(Going { id, owner, request, .. }) = self.crowd.take(place)
        {
            self.chronicle.write(&format!("#{id} {request:?} is answered: {}", answer.words));
            self.house.watch.end(id, &answer);
            self.wallet.learn(owner, &request, answer);
            self.wallet.read(self.house.watch.letters());
            self.house.watch.take_entries();
        }
        Ok(())
    }

    fn begin(&mut self, place: usize) {
        if (&self.dice).once_in(4) {
            self.wallet.ask_around(self.house.watch.seen().town());
        }
        let Proposal { owner, request } = propose(&mut &self.dice, &mut self.wallet, self.house.now());
        let node = (&self.dice).roll(self.nodes.len());
        let Some(accounts) = self.nodes.get(node).cloned() else { return };
        self.begun = self.begun.saturating_add(1);
        let id = self.begun;
        self.chronicle.write(&format!("#{id} begins at node {node}: {request:?}"));
        self.house.watch.begin(id, request.clone());
        let (mailer, asked) = (self.house.mailer.clone(), request.clone());
        let future = async move { perform(&accounts, &*mailer, &asked).await };
        self.crowd.put(place, Going::new(id, owner, node, request, future));
    }

    fn jump(&mut self) {
        let (forwards, by) = jump(&mut &self.dice);
        self.house.jump(forwards, by);
        self.chronicle.write(&format!("the clock goes {} {by:?}", if forwards { "on" } else { "back" }));
    }

    fn cancel(&mut self) {
        let place = (&self.dice).roll(CROWD);
        if let Some(going) = self.crowd.take(place) {
            self.drop_request(going);
        }
    }

    fn drop_request(&self, going: Going) {
        let id = going.id;
        self.chronicle.write(&format!("#{id} is cancelled"));
        self.house.watch.attend(id);
        drop(going);
        self.house.watch.cancel(id);
    }

    fn replace_a_node(&mut self) -> Result<(), String> {
        let index = (&self.dice).roll(self.nodes.len());
        self.chronicle.write(&format!("node {index} dies, and another takes its place"));
        for going in self.crowd.take_all_of(index) {
            self.drop_request(going);
        }
        let fresh = self.node()?;
        if let Some(node) = self.nodes.get_mut(index) {
            *node = fresh;
        }
        Ok(())
    }
}
