//! The throttle of one node: levels in memory, forgotten at a restart.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::ports::throttle::{Budget, Level, Throttle, ThrottleKey, Verdict};
use crate::store::StoreResult;
use crate::time::Timestamp;

/// Levels in memory, at most [`InMemoryThrottle::MOST`] of them: beyond that, the expired go, and
/// if none has expired, those that expire first.
#[derive(Debug, Default)]
pub struct InMemoryThrottle {
    levels: Mutex<Levels>,
}

#[derive(Debug, Default)]
struct Levels {
    used: HashMap<ThrottleKey, Level>,
    remembered: HashMap<ThrottleKey, Timestamp>,
}

impl InMemoryThrottle {
    /// The most levels, and the most remembered keys, that are kept.
    pub const MOST: usize = 100_000;

    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    // A panic while the lock was held leaves whole entries: each is one insertion.
    fn lock(&self) -> MutexGuard<'_, Levels> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Levels {
    fn make_room(&mut self, now: Timestamp) {
        if self.used.len() >= InMemoryThrottle::MOST {
            self.used.retain(|_, level| level.expires_at > now);
            drop_earliest(&mut self.used, |level| level.expires_at);
        }
    }
}

/// Makes a tenth free at once, so that a full table is not searched at every insertion.
fn drop_earliest<V>(map: &mut HashMap<ThrottleKey, V>, expires_at: impl Fn(&V) -> Timestamp) {
    if map.len() < InMemoryThrottle::MOST {
        return;
    }
    let mut times: Vec<Timestamp> = map.values().map(&expires_at).collect();
    let (_, cut, _) = times.select_nth_unstable(InMemoryThrottle::MOST.wrapping_div(10));
    let cut = *cut;
    map.retain(|_, value| expires_at(value) > cut);
}

#[async_trait]
impl Throttle for InMemoryThrottle {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        let mut levels = self.lock();
        levels.make_room(now);
        let held = budgets.iter().map(|budget| (levels.used.get(&budget.key).copied(), budget));
        Ok(match Level::take_all(held, now) {
            Ok(taken) => {
                levels.used.extend(taken);
                Verdict::Taken
            }
            Err(wait) => Verdict::Wait(wait),
        })
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        let mut levels = self.lock();
        for budget in budgets {
            if let Some(level) = levels.used.get_mut(&budget.key) {
                *level = level.give_back(budget, now);
            }
        }
        Ok(())
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        let mut levels = self.lock();
        drop_earliest(&mut levels.remembered, |until| *until);
        let remembered = levels.remembered.entry(*key).or_insert(until);
        *remembered = until.max(*remembered);
        Ok(())
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        Ok(self.lock().remembered.get(key).is_some_and(|until| *until > now))
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        let mut levels = self.lock();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let expired: Vec<ThrottleKey> = {
            let used = levels.used.iter().filter(|(_, level)| level.expires_at <= now).map(|(key, _)| *key);
            used.take(limit).collect()
        };
        for key in &expired {
            levels.used.remove(key);
        }
        levels.remembered.retain(|_, until| *until > now);
        Ok(u64::try_from(expired.len()).unwrap_or(u64::MAX))
    }
}
