//! Decisions on one account take turns within a process, so that a hot account does not spin.
//! Correctness does not rest on it: the commit's guard does.

// A semaphore of one, where a mutex looks at the system's clock to be fair: the core reads none.
use async_lock::{Semaphore, SemaphoreGuard};

use crate::id::AccountId;

const STRIPES: usize = 256;

pub(crate) struct Turns(Vec<Semaphore>);

impl Turns {
    pub(crate) fn new() -> Self {
        Self((0..STRIPES).map(|_| Semaphore::new(1)).collect())
    }

    /// Waits for the account's turn; accounts that share a stripe wait for each other too.
    pub(crate) async fn take(&self, account: AccountId) -> Option<SemaphoreGuard<'_>> {
        let stripe = usize::try_from(account.0.unsigned_abs()).unwrap_or(0) % STRIPES;
        match self.0.get(stripe) {
            Some(turn) => Some(turn.acquire().await),
            None => None,
        }
    }
}
