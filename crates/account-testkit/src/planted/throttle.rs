//! Throttles with a planted fault.

use std::sync::Mutex;

use account_core::ports::throttle::{Budget, Throttle, ThrottleKey, Verdict};
use account_core::store::StoreResult;
use account_core::time::Timestamp;
use async_trait::async_trait;

use super::store::others_pass;
use crate::adapter::{Adapter, Fresh};
use crate::memory_store::MemoryStore;
use crate::throttle::examine_throttle;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Looks whether there is one, lets others pass, then takes it.
    CheckThenAct,
    /// Takes from the first budgets before it finds one that is used up.
    NotAllOrNone,
    /// Tells the time of the first budget that is used up.
    TellsTheFirst,
    /// Forgets levels that still count.
    SweepsTooMuch,
    /// Begins anew for a clock that is behind another's.
    BeginsAnewForASlowClock,
}

struct Planted(MemoryStore, Fault, Mutex<Option<Timestamp>>);

#[async_trait]
impl Throttle for Planted {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        match self.1 {
            Fault::CheckThenAct => {
                let verdict = self.0.snapshot().budgets().take(budgets, now);
                others_pass();
                self.0.take(budgets, now).await?;
                Ok(verdict)
            }
            Fault::NotAllOrNone => {
                for budget in budgets {
                    let verdict = self.0.take(&[*budget], now).await?;
                    if verdict != Verdict::Taken {
                        return Ok(verdict);
                    }
                }
                Ok(Verdict::Taken)
            }
            Fault::TellsTheFirst => {
                let mut snapshot = self.0.snapshot();
                let mut alone = budgets.iter().map(|budget| snapshot.budgets().take(&[*budget], now));
                match alone.find(|verdict| *verdict != Verdict::Taken) {
                    Some(first) => Ok(first),
                    None => self.0.take(budgets, now).await,
                }
            }
            Fault::BeginsAnewForASlowClock => {
                let latest = self.2.lock().unwrap().replace(now);
                if latest.is_some_and(|latest| now < latest) {
                    self.0.sweep(Timestamp::from_millis(i64::MAX), u32::MAX).await?;
                }
                self.0.take(budgets, now).await
            }
            Fault::SweepsTooMuch => self.0.take(budgets, now).await,
        }
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        self.0.give_back(budgets, now).await
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        self.0.remember(key, until).await
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        self.0.remembers(key, now).await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        let early = if self.1 == Fault::SweepsTooMuch { 1000 } else { 0 };
        self.0.sweep(Timestamp::from_millis(now.as_millis() + early), limit).await
    }
}

fn caught(fault: Fault) {
    let fresh = move || async move {
        Fresh::<dyn Throttle>::from(Planted(MemoryStore::new(), fault, Mutex::default()))
    };
    let findings = examine_throttle(&Adapter::new(fresh));
    assert!(!findings.is_empty(), "{fault:?} was not caught");
    for finding in findings {
        println!("{fault:?}: {finding}");
    }
}

#[test]
fn a_throttle_that_checks_before_it_takes_is_caught() {
    caught(Fault::CheckThenAct);
}

#[test]
fn a_throttle_that_takes_from_some_budgets_is_caught() {
    caught(Fault::NotAllOrNone);
}

#[test]
fn a_throttle_that_tells_too_short_a_time_is_caught() {
    caught(Fault::TellsTheFirst);
}

#[test]
fn a_throttle_that_forgets_too_early_is_caught() {
    caught(Fault::SweepsTooMuch);
}

#[test]
fn a_throttle_that_begins_anew_for_a_slow_clock_is_caught() {
    caught(Fault::BeginsAnewForASlowClock);
}
