//! Judging an answer when it arrives.

use std::sync::Arc;

use account_core::id::{AccountId, Digest};
use account_core::time::Timestamp;
use account_core::two_factor::{RecoveryCode, TotpSecret};

use super::answer::{Answer, Field, Given, Refusal, Verdict};
use super::expected::{Person, Prediction, Town};
use super::request::{Order, Request, Upkeep, Wish};
use super::watch::{Flight, Seen};

impl Seen {
    /// Whether something held at some moment of a request: of any version of the town that it could
    /// have read, and any time that the clock showed.
    pub(super) fn ever(
        &self,
        flight: &Flight,
        mut holds: impl FnMut(&Prediction, &Town, Timestamp) -> bool,
    ) -> bool {
        let moments = self.moments_since(flight.begun);
        moments.into_iter().any(|(town, at)| holds(&town.predict(&flight.request, at), town, at))
    }

    /// Every version of the town at every time that the current request can have seen.
    pub(super) fn moments(&self) -> Vec<(&Town, Timestamp)> {
        let begun =
            self.current.and_then(|id| self.flights.get(&id)).map_or(self.moment, |flight| flight.begun);
        self.moments_since(begun)
    }

    fn moments_since(&self, begun: u64) -> Vec<(&Town, Timestamp)> {
        let at = |town| during(&self.clocks, begun).map(move |clock| (town, *clock));
        during(&self.towns, begun).flat_map(at).collect()
    }

    /// Whether the answer is right; `Ok(true)` if only changes between a request's steps explain it.
    pub(super) fn judge(&self, flight: &Flight, answer: &Answer) -> Result<bool, String> {
        if flight.hindered && matches!(answer.verdict, Err(Refusal::Unknown)) {
            return Ok(false);
        }
        if let Request::Upkeep(upkeep) = flight.request {
            return judge_upkeep(upkeep, flight, answer).map(|()| false);
        }
        if answer.verdict == Err(Refusal::Throttled) {
            return judge_throttled(flight).map(|()| false);
        }
        if let Some((prediction, person)) = &flight.committed {
            if !agrees(&flight.request, prediction.verdict, answer.verdict) {
                return Err(format!("but it was committed, and the answer must be {:?}", prediction.verdict));
            }
            return given_rightly(&answer.given, person.as_deref()).map(|()| false);
        }
        if flight.hindered && matches!(answer.verdict, Err(Refusal::NotDone)) {
            return Ok(false);
        }
        // A trail that fills is not filled further.
        let spared = flight.told_to_wait && answer.verdict == Err(Refusal::AddressNotAllowed);
        let mut subject = None;
        let explained = self.ever(flight, |prediction, _, _| {
            let is_it = prediction.written.is_none()
                && agrees(&flight.request, prediction.verdict, answer.verdict)
                && (prediction.recorded.is_some() == flight.recorded || spared);
            if is_it {
                subject = prediction.subject;
            }
            is_it
        });
        // Letting in and showing are two reads, and each may have seen its own version.
        if explained && self.ever(flight, |_, town, at| shown_rightly(&answer.given, subject, town, at)) {
            return Ok(false);
        }
        // A list begun before a password change shows none of the sessions opened after it.
        if explained
            && matches!(&answer.given, Given::Sessions(none) if none.is_empty())
            && self.was_torn(flight)
        {
            return Ok(true);
        }
        if answer.verdict.is_err() && !flight.recorded && self.was_torn(flight) {
            return Ok(true);
        }
        let in_steps = self.ever_in_steps(flight, |prediction| {
            prediction.written.is_none()
                && agrees(&flight.request, prediction.verdict, answer.verdict)
                && prediction.recorded.is_some() == flight.recorded
        });
        if in_steps && matches!(answer.given, Given::Nothing) {
            return Ok(answer.verdict.is_err());
        }
        let now = self.clocks.back().map_or(Timestamp::from_millis(0), |(_, now)| *now);
        let expected = self.town.predict(&flight.request, now);
        let (verdict, writes) = (expected.verdict, expected.written.is_some());
        let (entry, shown) = (expected.recorded.map(|entry| entry.event), &answer.given);
        Err(format!(
            "expected {verdict:?}, written: {writes}, recorded: {entry:?}; found {:?}, recorded: {}, given \
             {shown:?}",
            answer.verdict, flight.recorded
        ))
    }

    /// The same, where the asker was let in, or a name looked up, at one moment, and the rest decided
    /// at another.
    pub(super) fn ever_in_steps(&self, flight: &Flight, holds: impl Fn(&Prediction) -> bool) -> bool {
        let moments = self.moments_since(flight.begun);
        moments.iter().any(|(town, at)| {
            let since = |(earlier, then): &(&Town, Timestamp)| {
                holds(&town.predict_since(earlier, *then, &flight.request, *at))
            };
            moments.iter().any(since)
        })
    }

    /// Whether the account changed or the clock jumped while a request of several steps was under way:
    /// a refusal can then come of one step before and one after, which no single moment explains.
    fn was_torn(&self, flight: &Flight) -> bool {
        let mut changes = during(&self.clocks, flight.begun).count().saturating_sub(1);
        let mut last: Option<Option<&Arc<Person>>> = None;
        let mut subjects: Vec<AccountId> = Vec::new();
        for town in during(&self.towns, flight.begun) {
            for at in during(&self.clocks, flight.begun) {
                subjects.extend(town.predict(&flight.request, *at).subject);
            }
            let now = subjects.last().and_then(|id| town.version(*id));
            let differs = last.is_some_and(|before| !same_version(before, now));
            changes = changes.saturating_add(usize::from(differs));
            last = Some(now);
        }
        changes > 0 && !matches!(flight.request, Request::As { wish: Wish::Look, .. })
    }
}

fn same_version(one: Option<&Arc<Person>>, other: Option<&Arc<Person>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}

/// Everything that was current at `begun` or later.
fn during<'a, T>(
    versions: impl IntoIterator<Item = &'a (u64, T), IntoIter: DoubleEndedIterator>,
    begun: u64,
) -> impl Iterator<Item = &'a T>
where
    T: 'a,
{
    let mut over = false;
    versions.into_iter().rev().map_while(move |(since, version)| {
        if over {
            return None;
        }
        over = *since <= begun;
        Some(version)
    })
}

/// A store reports one of two taken names, and may choose which.
fn agrees(request: &Request, expected: Verdict, found: Verdict) -> bool {
    let is_name =
        |verdict| matches!(verdict, Err(Refusal::Invalid(Field::Email) | Refusal::Invalid(Field::Username)));
    let registers = matches!(request, Request::Operator(Order::Register { .. }));
    expected == found || registers && is_name(expected) && is_name(found)
}

/// Whoever is told to wait is told so by a budget, and nothing came of the request.
fn judge_throttled(flight: &Flight) -> Result<(), String> {
    match (flight.told_to_wait, flight.committed.is_some() || flight.recorded) {
        (true, false) => Ok(()),
        (false, _) => Err("no budget is used up".to_owned()),
        (true, true) => Err("but something was written".to_owned()),
    }
}

/// Upkeep takes many steps, each judged for itself.
fn judge_upkeep(upkeep: Upkeep, flight: &Flight, answer: &Answer) -> Result<(), String> {
    match answer.verdict {
        Ok(()) => Ok(()),
        Err(Refusal::NotDone) if flight.hindered => Ok(()),
        Err(refusal) => Err(format!("{upkeep:?} is never refused: {refusal:?}")),
    }
}

/// What was given is what was committed.
fn given_rightly(given: &Given, person: Option<&Person>) -> Result<(), String> {
    let of = |token: &super::request::Token| Some(Digest::of(token.0.as_bytes()));
    let Some(person) = person else { return Ok(()) };
    let right = match given {
        Given::Session(token) => person.sessions.iter().any(|session| session.token == of(token)),
        Given::Confirmation(token) => person.confirmations.iter().any(|pending| pending.token == of(token)),
        Given::Key { identifier, .. } => {
            person.keys.iter().any(|key| key.known.is_some_and(|(known, _)| known.as_str() == *identifier))
        }
        Given::Secret(text) => {
            let secret = TotpSecret::from_base32(&text.0).ok().map(|secret| secret.as_bytes().to_vec());
            person.pending.as_ref().is_some_and(|pending| pending.secret == secret)
        }
        Given::RecoveryCodes(codes) => {
            codes.len() == person.codes.len()
                && codes.iter().zip(&person.codes).all(|(shown, code)| {
                    let fits = |shown: RecoveryCode| {
                        code.known
                            .as_ref()
                            .is_some_and(|(set, digest)| shown.fits(*set, person.uid.as_bytes(), digest))
                    };
                    RecoveryCode::parse(&shown.0).is_some_and(fits)
                })
        }
        Given::Account(account) => account.id == person.id,
        Given::Nothing => true,
        _ => false,
    };
    if right { Ok(()) } else { Err(format!("and was given {given:?}, which was not committed")) }
}

/// What was shown is what was there, and nobody else's.
fn shown_rightly(given: &Given, subject: Option<AccountId>, town: &Town, at: Timestamp) -> bool {
    let Some(person) = subject.and_then(|id| town.person(id)) else {
        return match given {
            Given::Nothing => true,
            Given::Keys(keys) => keys.is_empty(),
            Given::SshKeys(keys) => keys.is_empty(),
            Given::Sessions(sessions) => sessions.is_empty(),
            _ => false,
        };
    };
    match given {
        Given::Nothing => true,
        Given::LetIn(who) => who.account().uid == person.uid,
        Given::RecoveryCodesLeft(left) => *left == person.codes.len(),
        Given::Keys(keys) => {
            let shown = keys.iter().map(|key| (Some(key.identifier), key.last_used_at));
            shown.eq(person.keys.iter().map(|key| (key.known.map(|(known, _)| known), key.last_used_at)))
        }
        Given::SshKeys(keys) => {
            let shown = keys.iter().map(|key| (key.fingerprint(), key.created_at));
            shown.eq(person.ssh_keys.iter().copied())
        }
        Given::Sessions(sessions) => {
            let shown = sessions.iter().map(|session| Some(session.id));
            shown.eq(town.live_sessions(person, at))
        }
        Given::Activity(entries) => entries.iter().all(|entry| entry.subject == Some(person.uid)),
        _ => false,
    }
}
