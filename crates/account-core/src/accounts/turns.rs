//! Decisions on one account take turns within a process, so that a hot account does not spin.
//! Correctness does not rest on it: the commit's guard does.

use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};

// A semaphore of one, where a mutex looks at the system's clock to be fair: the core reads none.
use async_lock::{Semaphore, SemaphoreGuard};

use crate::id::AccountId;

/// Of 64 accounts at once, some two share a stripe in two cases of five.
const STRIPES: u64 = 4096;

pub(crate) struct Turns(Vec<Semaphore>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self((0..STRIPES).map(|_| Semaphore::new(1)).collect())
    }

    /// Waits for the account's turn; accounts that share a stripe wait for each other too.
    pub(crate) async fn take(&self, account: AccountId) -> Option<SemaphoreGuard<'_>> {
        match self.0.get(stripe(account)) {
            Some(turn) => Some(turn.acquire().await),
            None => None,
        }
    }
}

/// Hashed, since accounts whose numbers have a common step, as those of one of several databases may, would
/// meet on a few stripes.
fn stripe(account: AccountId) -> usize {
    let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(account.0);
    usize::try_from(hash % STRIPES).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn accounts_whose_numbers_have_a_common_step_do_not_wait_for_one_another() {
        for step in [1, 2, 10, 64, 256, 1000, 4096, 10_000, 1 << 20, 1 << 32] {
            let taken: BTreeSet<_> = (1..=64).map(|number| stripe(AccountId(number * step))).collect();
            assert!(taken.len() >= 60, "step {step}: {} stripes", taken.len());
        }
    }

    #[test]
    fn every_number_has_a_stripe() {
        let turns = Turns::new();
        for number in [i64::MIN, -1, 0, 1, i64::MAX] {
            assert!(turns.0.get(stripe(AccountId(number))).is_some(), "{number}");
        }
    }
}
