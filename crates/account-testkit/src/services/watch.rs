//! Watches every request from its beginning to its answer, and every write as it takes effect. A
//! write must be what the model predicts at that moment; an answer without a write must be what it
//! predicts at some moment between the request's beginning and its end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::id::{AccountId, MailId, Revision};
use account_core::mail::{Message, QueuedMail};
use account_core::ports::keyring::Keyring;
use account_core::ports::throttle::{Budget, Verdict};
use account_core::store::{AccountState, Change, Commit, Expired, Observation};
use account_core::time::Timestamp;

use super::answer::Answer;
use super::budget_book::{BudgetBook, Reserved};
use super::expected::{Entry, Person, Prediction, Town};
use super::mail_book::MailBook;
use super::perform::token_in;
use super::request::{Request, Token};

/// Names a request from its beginning to its end.
pub(crate) type FlightId = u64;

/// A request under way.
pub(super) struct Flight {
    pub(super) request: Request,
    pub(super) begun: u64,
    pub(super) last_clock: Option<Timestamp>,
    /// What its commit was predicted to answer, and the account as it then was.
    pub(super) committed: Option<(Prediction, Option<Arc<Person>>)>,
    pub(super) recorded: bool,
    /// Whether the weather came between.
    pub(super) hindered: bool,
    /// What it took of budgets and did not give back.
    pub(super) reserved: Vec<Reserved>,
    /// Whether the throttle told it to wait, and for a guess.
    pub(super) told_to_wait: bool,
    pub(super) guess_refused: bool,
}

/// A letter that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) token: Option<Token>,
}

/// All that was seen.
pub(crate) struct Seen {
    pub(super) town: Town,
    pub(super) keyring: Arc<Keyring>,
    /// Counts what happens: begins, writes, jumps of the clock, ends.
    pub(super) moment: u64,
    pub(super) towns: VecDeque<(u64, Town)>,
    pub(super) clocks: VecDeque<(u64, Timestamp)>,
    pub(super) flights: BTreeMap<FlightId, Flight>,
    pub(super) current: Option<FlightId>,
    pub(super) sent: BTreeMap<(String, String), u64>,
    pub(super) inbox: Vec<Letter>,
    /// From where resets were asked for, by address.
    pub(super) resets_asked: BTreeSet<(String, IpAddr)>,
    pub(super) verifications_asked: BTreeSet<String>,
    pub(super) mails: MailBook,
    pub(super) budgets: BudgetBook,
    pub(super) broken: Option<String>,
    pub(super) entries: Vec<Entry>,
    pub(crate) counts: Counts,
    /// How often each kind of request was answered in which way.
    pub(crate) tally: BTreeMap<String, u64>,
}

/// What happened how often.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) requests: u64,
    pub(crate) granted: u64,
    pub(crate) commits: u64,
    pub(crate) cancelled: u64,
    /// Refusals that changes between their steps explain.
    pub(crate) torn: u64,
}

/// What the store, the clock and the mailer tell, and what the runner asks.
pub(crate) struct Watch(Mutex<Seen>);

impl Watch {
    pub(crate) fn new(town: Town, keyring: Arc<Keyring>, now: Timestamp) -> Self {
        Self(Mutex::new(Seen {
            towns: VecDeque::from([(0, town.clone())]),
            clocks: VecDeque::from([(0, now)]),
            town,
            keyring,
            moment: 0,
            flights: BTreeMap::new(),
            current: None,
            sent: BTreeMap::new(),
            inbox: Vec::new(),
            resets_asked: BTreeSet::new(),
            verifications_asked: BTreeSet::new(),
            mails: MailBook::default(),
            budgets: BudgetBook::default(),
            broken: None,
            entries: Vec::new(),
            counts: Counts::default(),
            tally: BTreeMap::new(),
        }))
    }

    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins.
    pub(crate) fn begin(&self, id: FlightId, request: Request) {
        let mut seen = self.seen();
        seen.moment = seen.moment.saturating_add(1);
        seen.counts.requests = seen.counts.requests.saturating_add(1);
        match &request {
            Request::AskForReset { email, from } => {
                seen.resets_asked.insert((email.to_ascii_lowercase(), *from));
            }
            Request::AskForVerification { email, .. } => {
                seen.verifications_asked.insert(email.to_ascii_lowercase());
            }
            _ => {}
        }
        let begun = seen.moment;
        let flight = Flight {
            request,
            begun,
            last_clock: None,
            committed: None,
            recorded: false,
            hindered: false,
            reserved: Vec::new(),
            told_to_wait: false,
            guess_refused: false,
        };
        seen.flights.insert(id, flight);
        seen.current = Some(id);
    }

    /// Whatever happens from now on is this request's doing.
    pub(crate) fn attend(&self, id: FlightId) {
        self.seen().current = Some(id);
    }

    /// The weather came between the current request and the store.
    pub(crate) fn hindered(&self) {
        let mut seen = self.seen();
        if let Some(flight) = seen.flight() {
            flight.hindered = true;
        }
    }

    /// A request is dropped before its answer.
    pub(crate) fn cancel(&self, id: FlightId) {
        let mut seen = self.seen();
        seen.flights.remove(&id);
        seen.counts.cancelled = seen.counts.cancelled.saturating_add(1);
        seen.forget();
    }

    /// A request was answered.
    pub(crate) fn end(&self, id: FlightId, answer: &Answer) {
        let mut seen = self.seen();
        let Some(flight) = seen.flights.remove(&id) else { return };
        let came_of = match answer.verdict {
            Ok(()) => format!("{}: granted", flight.request.kind()),
            Err(refusal) => format!("{}: {refusal:?}", flight.request.kind()),
        };
        let count = seen.tally.entry(came_of).or_default();
        *count = count.saturating_add(1);
        if answer.verdict.is_ok() {
            seen.counts.granted = seen.counts.granted.saturating_add(1);
        }
        let judged = seen.judge_guesses(&flight, answer).and_then(|()| seen.judge(&flight, answer));
        match judged {
            Ok(torn) => seen.counts.torn = seen.counts.torn.saturating_add(u64::from(torn)),
            Err(words) => {
                let said = format!("{:?} was answered: {}\n  {words}", flight.request, answer.words);
                seen.fails(said);
            }
        }
        seen.forget();
    }

    /// The clock shows another time.
    pub(crate) fn clock_set(&self, now: Timestamp, forwards: bool) {
        let mut seen = self.seen();
        if !forwards {
            seen.budgets.new_era();
        }
        seen.moment = seen.moment.saturating_add(1);
        let moment = seen.moment;
        seen.clocks.push_back((moment, now));
        seen.forget();
    }

    /// The services looked at the clock.
    pub(crate) fn clock_read(&self, now: Timestamp) {
        if let Some(flight) = self.seen().flight() {
            flight.last_clock = Some(now);
        }
    }

    /// A mail was handed on.
    pub(crate) fn delivered(&self, message: &Message) {
        let mut seen = self.seen();
        let letter = (message.to.to_ascii_lowercase(), format!("{:?}", message.kind));
        if !seen.sent.contains_key(&letter) {
            seen.fails(format!("a mail was delivered that nothing called for: {letter:?}"));
        }
        if let Err(words) = seen.witness_handed_on(message.id) {
            seen.fails(words);
        }
        seen.inbox.push(Letter { to: message.to.clone(), token: token_in(message) });
    }

    /// A mail was refused for good.
    pub(crate) fn refused_for_good(&self, message: &Message) {
        self.seen().refused_for_good(message.id);
    }

    /// A mail was queued outside of any commit.
    pub(crate) fn queued(&self, mail: &QueuedMail) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_queued(mail) {
            seen.fails(words);
        }
    }

    /// A mail was taken out of the outbox.
    pub(crate) fn removed(&self, id: MailId) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_removed(id) {
            seen.fails(words);
        }
    }

    /// The throttle answered.
    pub(crate) fn took(&self, budgets: &[Budget], now: Timestamp, verdict: Verdict) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_take(budgets, now, verdict) {
            let request = seen.flight().map(|flight| format!("{:?}", flight.request));
            seen.fails(format!("{}\n  {words}", request.unwrap_or_default()));
        }
    }

    /// Something was given back to the throttle.
    pub(crate) fn gave_back(&self, budgets: &[Budget], now: Timestamp) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_given_back(budgets, now) {
            let request = seen.flight().map(|flight| format!("{:?}", flight.request));
            seen.fails(format!("{}\n  {words}", request.unwrap_or_default()));
        }
    }

    /// The throttle forgot what was over at this time.
    pub(crate) fn swept(&self, now: Timestamp) {
        self.seen().notice_another_clock(now);
    }

    /// The letters that arrived since the last call.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        std::mem::take(&mut self.seen().inbox)
    }

    /// The audit entries that were written since the last call.
    pub(crate) fn take_entries(&self) -> Vec<Entry> {
        std::mem::take(&mut self.seen().entries)
    }

    /// What was found wrong, if anything.
    pub(crate) fn broken(&self) -> Option<String> {
        self.seen().broken.clone()
    }

    pub(crate) fn registered(
        &self,
        id: AccountId,
        new: &NewAccount,
        changes: &[Change],
        state: Option<&AccountState>,
    ) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_registration(id, new, changes, state) {
            seen.fails(format!("registration: {words}"));
        }
    }

    pub(crate) fn committed(&self, commit: &Commit, revision: Revision, state: Option<&AccountState>) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_commit(commit, revision, state) {
            let request = seen.flight().map(|flight| format!("{:?}", flight.request));
            seen.fails(format!("{}\n  committed {words}", request.unwrap_or_default()));
        }
    }

    pub(crate) fn recorded(&self, entries: &[Activity]) {
        let mut seen = self.seen();
        if let Err(words) = seen.witness_record(entries) {
            seen.fails(words);
        }
    }

    pub(crate) fn observed(&self, items: &[Observation]) {
        let mut seen = self.seen();
        seen.town.observe(items);
        seen.changed();
    }

    pub(crate) fn purged(&self, expired: &Expired) {
        let mut seen = self.seen();
        seen.mails_purged(expired);
        seen.town.sweep(expired);
        seen.changed();
    }
}

impl Seen {
    pub(super) fn flight(&mut self) -> Option<&mut Flight> {
        self.current.and_then(|id| self.flights.get_mut(&id))
    }

    /// The first fault found is the one that is told.
    pub(super) fn fails(&mut self, words: String) {
        self.broken.get_or_insert(words);
    }

    /// What the model expects now.
    pub(crate) fn town(&self) -> &Town {
        &self.town
    }

    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The town changed: one more version.
    pub(super) fn changed(&mut self) {
        self.moment = self.moment.saturating_add(1);
        self.towns.push_back((self.moment, self.town.clone()));
        self.forget();
    }

    /// Forgets versions that no request under way can have seen.
    fn forget(&mut self) {
        let oldest = self.flights.values().map(|flight| flight.begun).min().unwrap_or(self.moment);
        while self.towns.get(1).is_some_and(|(since, _)| *since <= oldest) {
            self.towns.pop_front();
        }
        while self.clocks.get(1).is_some_and(|(since, _)| *since <= oldest) {
            self.clocks.pop_front();
        }
    }
}
