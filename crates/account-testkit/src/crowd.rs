//! Many callers at once, each on a thread of its own, and the core's commit loop that they use.

use std::sync::{Arc, Barrier};

use account_core::id::{AccountId, Revision};
use account_core::store::{AccountState, Change, StoreError};

use crate::adapter::{Adapter, Fresh, Store};
use crate::broken::Broken;

/// More losses than any crowd of the kit can cause.
const ATTEMPTS: usize = 10_000;

/// Lets `count` callers do the same at once; answers what each came to.
pub(crate) fn at_once<P, T, F>(
    adapter: &Adapter<P>,
    fresh: &Fresh<P>,
    count: usize,
    caller: impl Fn(usize, Arc<P>) -> F + Sync,
) -> Result<Vec<T>, Broken>
where
    P: ?Sized + Send + Sync + 'static,
    T: Send,
    F: Future<Output = Result<T, Broken>> + Send,
{
    let barrier = Barrier::new(count);
    let answers = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count)
            .map(|actor| {
                let (barrier, caller, store) = (&barrier, &caller, fresh.opening(actor));
                scope.spawn(move || {
                    barrier.wait();
                    adapter.prove(caller(actor, store?))
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join()).collect::<Vec<_>>()
    });
    answers
        .into_iter()
        .map(|answer| answer.unwrap_or_else(|_| Err(Broken::new("a call to the store panicked"))))
        .collect()
}

/// The core's loop: read, decide, commit; again if somebody was faster. `None` if the rule refused,
/// or the account is gone.
pub(crate) async fn decide(
    store: &Store,
    id: AccountId,
    rule: impl Fn(&AccountState) -> Option<Vec<Change>> + Send + Sync,
) -> Result<Option<Revision>, Broken> {
    for _ in 0..ATTEMPTS {
        let Some(seen) = store.state(id).await? else { return Ok(None) };
        let Some(changes) = rule(&seen) else { return Ok(None) };
        match store.commit(&seen.commit(changes)).await {
            Ok(revision) => return Ok(Some(revision)),
            Err(StoreError::Stale) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Err(Broken::new("a commit at the revision that was just read was stale ten thousand times"))
}
