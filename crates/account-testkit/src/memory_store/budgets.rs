//! How much of each budget is used, and what is remembered for a time.

use std::collections::BTreeMap;

use account_core::ports::throttle::{Budget, Level, ThrottleKey, Verdict};
use account_core::time::Timestamp;

/// The levels of a throttle, as a value. The arithmetic is the core's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budgets {
    levels: BTreeMap<ThrottleKey, Level>,
    remembered: BTreeMap<ThrottleKey, Timestamp>,
}

impl Budgets {
    /// Takes one from every budget, or from none.
    pub fn take(&mut self, budgets: &[Budget], now: Timestamp) -> Verdict {
        let held = budgets.iter().map(|budget| (self.levels.get(&budget.key).copied(), budget));
        match Level::take_all(held, now) {
            Ok(taken) => {
                self.levels.extend(taken);
                Verdict::Taken
            }
            Err(wait) => Verdict::Wait(wait),
        }
    }

    /// Gives back one to every budget; one that is unused stays so.
    pub fn give_back(&mut self, budgets: &[Budget], now: Timestamp) {
        for budget in budgets {
            if let Some(level) = self.levels.get_mut(&budget.key) {
                *level = level.give_back(budget, now);
            }
        }
    }

    /// Remembers a key until a time; a later time wins.
    pub fn remember(&mut self, key: ThrottleKey, until: Timestamp) {
        let remembered = self.remembered.entry(key).or_insert(until);
        *remembered = until.max(*remembered);
    }

    /// Whether a key is remembered at `now`.
    pub fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> bool {
        self.remembered.get(key).is_some_and(|until| *until > now)
    }

    /// Forgets up to `limit` expired levels; answers how many.
    pub fn sweep(&mut self, now: Timestamp, limit: u32) -> u64 {
        let mut gone = 0u64;
        self.levels.retain(|_, level| {
            let goes = gone < u64::from(limit) && level.expires_at <= now;
            gone = gone.saturating_add(u64::from(goes));
            !goes
        });
        self.remembered.retain(|_, until| *until > now);
        gone
    }
}
