//! Every reservation of a budget, until it is given back: nobody passes a budget that is used up, nobody is
//! told to wait by one that is not, wrong guesses keep theirs and right ones get it back.

use std::collections::BTreeMap;
use std::time::Duration;

use account_core::ports::throttle::{Budget, Refill, ThrottleKey, Verdict};
use account_core::time::Timestamp;

use super::answer::{Answer, Refusal};
use super::watch::{Flight, Seen};

/// How far apart clocks may be that count in one window.
const SKEW: Duration = Duration::from_secs(5);

/// Longer ago than this, nothing counts any more.
const FORGOTTEN: i64 = 4 * 86_400_000;

/// When something was taken, and in which stretch of time that only went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    at: Timestamp,
    era: u64,
}

/// One reservation of a request.
#[derive(Debug, Clone)]
pub(super) struct Reserved {
    keys: Vec<ThrottleKey>,
    taken: Taken,
    is_guess: bool,
}

/// All that was taken and not given back, by budget.
#[derive(Debug, Default)]
pub(crate) struct BudgetBook {
    taken: BTreeMap<ThrottleKey, Vec<Taken>>,
    /// What was given back: a window that began a little later, by a clock a little ahead, may have been given
    /// what the one before it had counted, and a budget what had come back by itself.
    given_back: BTreeMap<ThrottleKey, Vec<Taken>>,
    /// When something was taken or given back. A giver-back may have read the clock long before.
    times: BTreeMap<ThrottleKey, Vec<Timestamp>>,
    era: u64,
}

impl BudgetBook {
    /// The clock went back, or somebody counted by a clock read long before.
    pub(super) fn new_era(&mut self) {
        self.era = self.era.saturating_add(1);
    }

    fn counted(&mut self, key: ThrottleKey, now: Timestamp) {
        let times = self.times.entry(key).or_default();
        times.retain(|time| apart(*time, now) < FORGOTTEN);
        if times.last() != Some(&now) {
            times.push(now);
        }
    }

    fn of(&self, budget: &Budget) -> &[Taken] {
        self.taken.get(&budget.key).map_or(&[], Vec::as_slice)
    }

    /// As many as can still count, whatever the clock did.
    fn may_count(&self, budget: &Budget, now: Timestamp) -> usize {
        let reach = budget.per.saturating_add(SKEW);
        self.of(budget).iter().filter(|taken| apart(taken.at, now) < millis(reach)).count()
    }

    /// Whether it may be used up. One that comes back bit by bit is taken for one that was used much when
    /// the clock stepped back since: for no longer than its own time.
    fn may_be_used_up(&self, budget: &Budget, now: Timestamp) -> bool {
        let reach = millis(budget.per.saturating_add(SKEW));
        let stepped_back = || {
            let times = self.times.get(&budget.key).into_iter().flatten();
            times.into_iter().any(|time| *time > now && apart(*time, now) < reach)
        };
        self.may_count(budget, now) >= usize::try_from(budget.limit).unwrap_or(usize::MAX)
            || budget.refill == Refill::Gradual && stepped_back()
    }

    /// What is known of a budget, for the finding.
    fn told(&self, budget: &Budget, now: Timestamp) -> String {
        let ago = |time: &Timestamp| now.as_millis().saturating_sub(time.as_millis());
        let kept: Vec<i64> = self.of(budget).iter().map(|taken| ago(&taken.at)).collect();
        let times: Vec<i64> = self.times.get(&budget.key).into_iter().flatten().map(ago).collect();
        format!("{} in {:?}, kept for {kept:?} ms, counted for {times:?} ms", budget.limit, budget.per)
    }

    /// More passed than may: at one instant, or in any time as long as the budget's.
    fn exceeded(&self, budget: &Budget, taken: Taken) -> bool {
        let same_era = || self.of(budget).iter().filter(|other| other.era == taken.era);
        let limit = usize::try_from(budget.limit).unwrap_or(usize::MAX);
        let at_once = same_era().filter(|other| other.at == taken.at).count();
        let within = same_era().filter(|other| apart(other.at, taken.at) < millis(budget.per)).count();
        let lately = match budget.refill {
            Refill::AllAtOnce => SKEW,
            Refill::Gradual => budget.per.saturating_mul(2),
        };
        let just_before = |other: &&Taken| other.at < taken.at && apart(other.at, taken.at) <= millis(lately);
        let lent = self.given_back.get(&budget.key).into_iter().flatten().filter(just_before).count();
        at_once > limit.saturating_add(lent) || within > limit.saturating_mul(2)
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn apart(one: Timestamp, other: Timestamp) -> i64 {
    one.as_millis().saturating_sub(other.as_millis()).saturating_abs()
}

/// The budgets of the contract that count guesses (SEC-13, 14, 25); others count mails and changes.
fn counts_guesses(budgets: &[Budget]) -> bool {
    const GUESSES: [(u32, u64); 3] = [(50, 3600), (5, 60), (10, 900)];
    budgets.iter().any(|budget| {
        budget.refill == Refill::AllAtOnce && GUESSES.contains(&(budget.limit, budget.per.as_secs()))
    })
}

impl Seen {
    /// The throttle answered.
    pub(super) fn witness_take(
        &mut self,
        budgets: &[Budget],
        now: Timestamp,
        verdict: Verdict,
    ) -> Result<(), String> {
        if !self.moments().iter().any(|(_, at)| *at == now) {
            return Err(format!("counted at {now:?}, which the clock did not show"));
        }
        self.notice_another_clock(now);
        let is_guess = counts_guesses(budgets);
        let taken = Taken { at: now, era: self.budgets.era };
        if let Verdict::Wait(wait) = verdict {
            if let Some(flight) = self.flight() {
                flight.told_to_wait = true;
                flight.guess_refused |= is_guess;
            }
            let used_up = |budget: &&Budget| self.budgets.may_be_used_up(budget, now);
            let longest = budgets.iter().filter(used_up).map(|budget| budget.per.saturating_add(SKEW)).max();
            return match longest {
                None => {
                    let used = budgets.iter().map(|budget| self.budgets.told(budget, now));
                    let used = used.collect::<Vec<_>>().join("; ");
                    Err(format!("somebody is told to wait, though nothing is used up: {used}"))
                }
                Some(longest) if wait > longest => Err(format!("somebody is told to wait for {wait:?}")),
                Some(_) => Ok(()),
            };
        }
        for budget in budgets {
            let all = self.budgets.taken.entry(budget.key).or_default();
            all.retain(|old| apart(old.at, now) < FORGOTTEN);
            all.push(taken);
            self.budgets.counted(budget.key, now);
        }
        let keys = budgets.iter().map(|budget| budget.key).collect();
        if let Some(flight) = self.flight() {
            flight.reserved.push(Reserved { keys, taken, is_guess });
        }
        match budgets.iter().find(|budget| self.budgets.exceeded(budget, taken)) {
            Some(budget) => {
                let told = self.budgets.told(budget, now);
                Err(format!("more than {} passed within {:?}: {told}", budget.limit, budget.per))
            }
            None => Ok(()),
        }
    }

    /// What is taken or swept by a clock read long before may put what was counted since out of count.
    pub(super) fn notice_another_clock(&mut self, now: Timestamp) {
        let clock = self.clocks.back().map_or(now, |(_, clock)| *clock);
        if apart(clock, now) > millis(SKEW) {
            self.budgets.new_era();
        }
    }

    /// Something was given back.
    pub(super) fn witness_given_back(&mut self, budgets: &[Budget], now: Timestamp) -> Result<(), String> {
        let keys: Vec<ThrottleKey> = budgets.iter().map(|budget| budget.key).collect();
        let flight = self.flight().ok_or("nobody gave back")?;
        let place = flight.reserved.iter().position(|reserved| reserved.keys == keys);
        let place = place.ok_or("somebody gave back what they had not taken")?;
        let Reserved { taken, .. } = flight.reserved.remove(place);
        for key in keys {
            let given_back = self.budgets.given_back.entry(key).or_default();
            given_back.retain(|old| apart(old.at, now) < FORGOTTEN);
            given_back.push(taken);
            self.budgets.counted(key, now);
            let all = self.budgets.taken.entry(key).or_default();
            if let Some(one) = all.iter().position(|other| *other == taken) {
                all.remove(one);
            }
        }
        Ok(())
    }

    /// Whether a request that was answered keeps of the guesses' budgets what it must.
    pub(super) fn judge_guesses(&self, flight: &Flight, answer: &Answer) -> Result<(), String> {
        if !self.town.policy().throttled || flight.hindered {
            return Ok(());
        }
        if flight.guess_refused && answer.verdict != Err(Refusal::Throttled) {
            return Err("a guess was looked at, though its budget is used up".to_owned());
        }
        let kept = flight.reserved.iter().filter(|reserved| reserved.is_guess).count();
        let wrong = match answer.verdict {
            Err(Refusal::SignInRefused) => flight.recorded,
            Err(Refusal::WrongSecondFactor | Refusal::WrongRecoveryCode) => true,
            // Right when it was looked at, and changed before it was decided: no guess.
            Err(Refusal::WrongPassword) => {
                let other = |verdict| verdict != Err(Refusal::WrongPassword);
                if self.ever(flight, |prediction, _, _| other(prediction.verdict)) {
                    return Ok(());
                }
                true
            }
            _ => false,
        };
        match (kept, wrong) {
            (1, true) | (0, false) => Ok(()),
            (0, true) => Err("a wrong guess was not counted".to_owned()),
            _ => Err(format!("{kept} guesses are counted, of which {} was one", u8::from(wrong))),
        }
    }
}
