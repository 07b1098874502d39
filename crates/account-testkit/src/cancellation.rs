//! Cancellation: a caller may drop a future at any of its polls, as a server does whose client went
//! away. What is left is before or after the operation, nothing between, and nothing stays locked.

use std::pin::Pin;
use std::task::{Context, Poll};

use account_core::id::{AccountId, AccountUid};
use account_core::store::{AccountState, Change, Observation, StoreResult};

use crate::adapter::{Adapter, Store};
use crate::broken::{Broken, Proven, promise, same};
use crate::cases::given::{registered_with, state, trail};
use crate::crowd::decide;
use crate::sample;

/// More polls than any operation of a store takes.
const MOST_POLLS: usize = 60;
/// After so many polls, an operation that wakes up again and again is let run.
const ROUNDS: u64 = 40;

/// Polls a future so often at the most, then drops it.
pub(crate) struct PollAtMost<F> {
    future: Option<Pin<Box<F>>>,
    left: usize,
}

impl<F: Future> Future for PollAtMost<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        let Some(future) = this.future.as_mut().filter(|_| this.left > 0) else {
            this.future = None;
            return Poll::Ready(None);
        };
        this.left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if this.left == 0 => {
                this.future = None;
                Poll::Ready(None)
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

pub(crate) fn at_most<F: Future>(polls: usize, future: F) -> PollAtMost<F> {
    PollAtMost { future: Some(Box::pin(future)), left: polls }
}

fn rows(n: u64) -> Vec<Change> {
    vec![
        Change::SetAdmin(true),
        Change::AddApiKey(sample::api_key(n)),
        Change::OpenSession(sample::session(n)),
        Change::ReplaceRecoveryCodes(sample::recovery_codes(n, 5)),
        Change::Record(sample::activity(n, sample::uid(n))),
        Change::SetDisabled(Some(sample::NOON)),
    ]
}

/// How much of `rows` is there: 0 for nothing, 6 for all.
async fn written(store: &Store, n: u64, seen: &AccountState) -> Result<usize, Broken> {
    Ok([
        seen.account.admin,
        seen.api_keys.len() == 1,
        seen.sessions.len() == 1,
        seen.recovery_codes.len() == 5,
        trail(store, sample::uid(n)).await?.entries.iter().any(|entry| entry.id == sample::activity_id(n)),
        seen.account.disabled_at.is_some(),
    ]
    .into_iter()
    .filter(|there| *there)
    .count())
}

pub(crate) fn a_dropped_commit_is_done_or_not(adapter: &Adapter) -> Proven {
    let fresh = adapter.fresh()?;
    let store = fresh.store()?;
    let proven = adapter.prove(async {
        for n in 1..=ROUNDS {
            let mut account = sample::new_account(n);
            account.admin = false;
            let id = store.register(&account, &[]).await?;
            let commit = state(&store, id).await?.commit(rows(n));
            let polls = usize::try_from(n).unwrap_or(1);
            let finished = at_most(polls, store.commit(&commit)).await;
            settled(&store, n, id).await?;
            let there = written(&store, n, &state(&store, id).await?).await?;
            promise!(
                there == 0 || there == 6,
                "a commit whose caller left after {polls} polls was left half-way: {there} of 6 changes are there"
            );
            if let Some(answer) = finished {
                answer?;
                same!(there, 6, "a commit that was acknowledged is there");
                return Ok(());
            }
        }
        Ok(())
    });
    drop(store);
    adapter.close(fresh)?;
    proven
}

/// What a dropped call left running comes to its end before another commit to the same account does;
/// if something stayed locked, this does not come back, or fails.
async fn settled(store: &Store, n: u64, id: AccountId) -> Proven {
    let mark = Change::SetPassword(sample::password(1000 + n));
    decide(store, id, |_| Some(vec![mark.clone()])).await.map_err(|broken| {
        Broken::new(format!("after a caller left, the next commit to the account must succeed: {broken}"))
    })?;
    Ok(())
}

pub(crate) fn a_dropped_registration_is_done_or_not(adapter: &Adapter) -> Proven {
    let fresh = adapter.fresh()?;
    let store = fresh.store()?;
    let proven = adapter.prove(async {
        for n in 1..=ROUNDS {
            let (account, changes) = (sample::new_account(n), rows(n));
            let polls = usize::try_from(n).unwrap_or(1);
            let finished = at_most(polls, store.register(&account, &changes)).await;
            // Another registration comes to its end after the dropped one, if that is still running.
            registered_with(&store, 1000 + n, &[]).await?;
            let found = store.account_by_login(&sample::login_by_email(n)).await?;
            let there = match found {
                Some(id) => written(&store, n, &state(&store, id).await?).await?,
                None => 0,
            };
            let whole = if found.is_some() { 6 } else { 0 };
            same!(there, whole, "a registration whose caller left after {polls} polls was left half-way");
            if let Some(answer) = finished {
                answer?;
                promise!(found.is_some(), "a registration that was acknowledged is there");
                return Ok(());
            }
        }
        Ok(())
    });
    drop(store);
    adapter.close(fresh)?;
    proven
}

type Call = for<'a> fn(&'a Store, u64) -> Pin<Box<dyn Future<Output = StoreResult<()>> + Send + 'a>>;

/// Reads and the writes beside commits: dropped anywhere, they leave nothing locked.
pub(crate) fn a_dropped_call_leaves_nothing_locked(adapter: &Adapter) -> Proven {
    let calls: [(&str, Call); 8] = [
        ("state", |store, _| Box::pin(async move { store.state(AccountId(1)).await.map(drop) })),
        ("api_key", |store, n| {
            Box::pin(async move { store.api_key(&sample::identifier(n)).await.map(drop) })
        }),
        ("session", |store, n| {
            Box::pin(async move { store.session(&sample::session_token(n)).await.map(drop) })
        }),
        ("record", |store, n| {
            Box::pin(async move { store.record(&[sample::activity(n + 500, uid())]).await })
        }),
        ("observe", |store, n| {
            Box::pin(async move {
                let (account, identifier, at) = (uid(), sample::identifier(1), sample::at(n));
                store.observe(&[Observation::ApiKeyUsed { account, identifier, at }]).await
            })
        }),
        ("queue_mail", |store, n| Box::pin(async move { store.queue_mail(&sample::mail(n, None)).await })),
        ("claim_mail", |store, n| {
            Box::pin(async move { store.claim_mail(sample::at(n), sample::at(n + 1), 3).await.map(drop) })
        }),
        ("purge", |store, _| {
            Box::pin(async move { store.purge(&crate::cases::given::nothing_expired(), 10).await.map(drop) })
        }),
    ];
    let fresh = adapter.fresh()?;
    let store = fresh.store()?;
    let proven = adapter.prove(async {
        let id = registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
        for (name, call) in calls {
            for polls in 1..=MOST_POLLS {
                let n = u64::try_from(polls).unwrap_or(0) + 10 * u64::try_from(name.len()).unwrap_or(0);
                let finished = at_most(polls, call(&store, n)).await;
                settled(&store, n, id).await.map_err(|broken| {
                    Broken::new(format!("`{name}`, dropped after {polls} polls: {broken}"))
                })?;
                if let Some(answer) = finished {
                    answer?;
                    break;
                }
            }
        }
        Ok(())
    });
    drop(store);
    adapter.close(fresh)?;
    proven
}

fn uid() -> AccountUid {
    sample::uid(1)
}
