//! Judging a write at the moment it takes effect.

use std::sync::Arc;

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::id::{AccountId, Revision};
use account_core::store::{AccountState, Change, Commit};
use account_core::time::Timestamp;

use super::expected::{Entry, Person, Prediction, Town, Written, raised};
use super::request::{Order, Request, Upkeep};
use super::watch::Seen;

fn entries(changes: &[Change]) -> Vec<Entry> {
    let recorded = changes.iter().filter_map(|change| match change {
        Change::Record(entry) => Some(Entry::from(entry)),
        _ => None,
    });
    recorded.collect()
}

fn mails(changes: &[Change]) -> usize {
    changes.iter().filter(|change| matches!(change, Change::Send(_))).count()
}

impl Seen {
    pub(super) fn witness_registration(
        &mut self,
        id: AccountId,
        new: &NewAccount,
        changes: &[Change],
        state: Option<&AccountState>,
    ) -> Result<(), String> {
        let request = self.flight().map(|flight| flight.request.clone());
        let Some(Request::Operator(Order::Register { password, .. })) = request else {
            return Err("nobody asked for it".to_owned());
        };
        if self.town.person(id).is_some() {
            return Err(format!("the number {id} was given twice"));
        }
        let taken = |town: &Town| {
            let email = new.email.as_str();
            let mut people = town.people();
            people.any(|other| other.has_address(email) || other.username == new.username.as_str())
        };
        if taken(&self.town) {
            return Err("an address or username that is taken".to_owned());
        }
        self.town.born(id, new, &password);
        let expected = [Entry::by_nobody(account_core::activity::Event::Registered, Some(new.uid), None)];
        if entries(changes) != expected {
            return Err(format!("audit entries: expected {expected:?}, found {:?}", entries(changes)));
        }
        self.entries.extend(expected);
        let mut person = self.town.person(id).cloned().ok_or("nobody was born")?;
        person.compare(state.ok_or("and the account is not there")?, &self.keyring)?;
        self.town.put(person);
        let person = self.town.version(id).cloned();
        self.stands(Prediction::granted(Some(id)), person);
        Ok(())
    }

    pub(super) fn witness_commit(
        &mut self,
        commit: &Commit,
        revision: Revision,
        state: Option<&AccountState>,
    ) -> Result<(), String> {
        self.counts.commits = self.counts.commits.saturating_add(1);
        self.mails.committed(commit);
        let (_, now) = self.clocks.back().copied().unwrap_or((0, Timestamp::from_millis(0)));
        let flight = self.flight().ok_or("nothing that anybody asked for")?;
        let (request, at) = (flight.request.clone(), flight.last_clock.unwrap_or(now));
        let again = flight.committed.is_some();
        if again && !matches!(request, Request::Upkeep(_)) {
            return Err("a second time".to_owned());
        }
        let mut first = self.predictions(&self.town, (&self.town, at), &request, commit, at).into_iter();
        let first = first.next().ok_or("what nobody asked for")?;
        let words = match self.fits(first, commit, revision, state) {
            Ok(prediction) => return self.accept(prediction, commit, state.is_some()),
            Err(words) => words,
        };
        let mut others = self.predictions_since(&request, commit, at).into_iter();
        match others.find_map(|other| self.fits(other, commit, revision, state).ok()) {
            Some(prediction) => self.accept(prediction, commit, state.is_some()),
            None => Err(words),
        }
    }

    /// A request is decided at one moment, but the asker may have been let in, and a name looked up,
    /// at an earlier one; and the sweep and last uses come between reading and writing unnoticed,
    /// since they raise no revision.
    fn predictions_since(&self, request: &Request, commit: &Commit, at: Timestamp) -> Vec<Prediction> {
        let Some(now) = self.town.person(commit.account) else { return Vec::new() };
        let mut predictions = Vec::new();
        for (town, _) in self.moments() {
            let is_it = |read: &&Person| read.revision == now.revision;
            let Some(read) = town.person(commit.account).filter(is_it) else { continue };
            for earlier in self.moments() {
                for mut prediction in self.predictions(town, earlier, request, commit, at) {
                    if let Some(Written { next: Some(next), .. }) = &mut prediction.written {
                        let pending = next.pending.clone();
                        next.catch_up(read, now);
                        // Re-sealing writes anew what it read: a pending secret that was swept
                        // meanwhile is back, as expired as before.
                        if matches!(request, Request::Upkeep(Upkeep::Reseal)) {
                            next.pending = pending;
                        }
                    }
                    predictions.push(prediction);
                }
            }
        }
        predictions
    }

    /// What a request can have to write that was decided on `town`, and let in before.
    fn predictions(
        &self,
        town: &Town,
        (earlier, then): (&Town, Timestamp),
        request: &Request,
        commit: &Commit,
        at: Timestamp,
    ) -> Vec<Prediction> {
        let Request::Upkeep(upkeep) = request else {
            return vec![town.predict_since(earlier, then, request, at)];
        };
        let Some(person) = town.person(commit.account) else { return Vec::new() };
        let address = person.email.to_ascii_lowercase();
        match upkeep {
            Upkeep::Reseal => {
                vec![Prediction::written(raised(person), Vec::new())]
            }
            Upkeep::DeliverMail => match entries(&commit.changes).first().map(|entry| entry.ip) {
                Some(Some(from)) if self.resets_asked.contains(&(address, from)) => {
                    vec![town.answer_reset(person.id, Some(from), at)]
                }
                None if self.verifications_asked.contains(&person.email.to_ascii_lowercase()) => {
                    vec![town.answer_verification(person.id, at)]
                }
                _ => Vec::new(),
            },
            Upkeep::Sweep | Upkeep::Flush => Vec::new(),
        }
    }

    /// The prediction with what the store drew at random, if the commit is what was predicted.
    fn fits(
        &self,
        mut prediction: Prediction,
        commit: &Commit,
        revision: Revision,
        state: Option<&AccountState>,
    ) -> Result<Prediction, String> {
        if prediction.subject != Some(commit.account) {
            let (subject, account) = (prediction.subject, commit.account);
            return Err(format!("to account {account}, but the request is about {subject:?}"));
        }
        let Some(written) = &mut prediction.written else {
            return Err(format!("{:?}, but must not: {:?}", commit.changes, prediction.verdict));
        };
        if entries(&commit.changes) != written.entries {
            let found = entries(&commit.changes);
            return Err(format!("audit entries: expected {:?}, found {found:?}", written.entries));
        }
        if mails(&commit.changes) != written.mails.len() {
            let found = mails(&commit.changes);
            return Err(format!("{found} mails, expected {:?}", written.mails));
        }
        match (&mut written.next, state) {
            (Some(next), _) if next.revision != revision.0 => {
                Err(format!("and the revision became {revision:?}"))
            }
            (Some(next), Some(state)) => next.compare(state, &self.keyring).map(|()| prediction),
            (None, None) => Ok(prediction),
            (Some(_), None) => Err("and the account is gone".to_owned()),
            (None, Some(_)) => Err("and the account is still there".to_owned()),
        }
    }

    fn accept(&mut self, prediction: Prediction, commit: &Commit, remains: bool) -> Result<(), String> {
        if let Some(written) = &prediction.written {
            self.entries.extend(written.entries.iter().copied());
            for (to, kind) in &written.mails {
                let count = self.sent.entry((to.to_ascii_lowercase(), format!("{kind:?}"))).or_default();
                *count = count.saturating_add(1);
            }
            match &written.next {
                Some(next) => self.town.put((**next).clone()),
                None => self.town.remove(commit.account),
            }
        }
        let person = self.town.version(commit.account).cloned().filter(|_| remains);
        self.stands(prediction, person);
        Ok(())
    }

    /// The current request has committed.
    fn stands(&mut self, prediction: Prediction, person: Option<Arc<Person>>) {
        if let Some(flight) = self.flight() {
            flight.committed = Some((prediction, person));
        }
        self.changed();
    }

    /// An entry of a refusal, written on its own.
    pub(super) fn witness_record(&mut self, found: &[Activity]) -> Result<(), String> {
        let Some(id) = self.current else { return Err("an audit entry that nobody caused".to_owned()) };
        let Some(flight) = self.flights.get(&id) else {
            return Err("an audit entry that nobody caused".to_owned());
        };
        let [entry] = found else { return Err(format!("{} audit entries at once", found.len())) };
        let entry = Entry::from(entry);
        let explains = |prediction: &Prediction| prediction.recorded == Some(entry);
        let explained = self.ever(flight, |prediction, _, _| explains(prediction));
        if !explained && !self.ever_in_steps(flight, explains) {
            return Err(format!("{:?}\n  recorded {entry:?}, which nothing explains", flight.request));
        }
        self.entries.push(entry);
        if let Some(flight) = self.flight() {
            flight.recorded = true;
        }
        Ok(())
    }
}
