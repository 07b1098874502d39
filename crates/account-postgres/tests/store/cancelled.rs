//! Requests that go away: at whatever await a future is dropped, the change is made or not, and the
//! connection that it used serves the next without a transaction on it.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use account_core::ports::throttle::{Budget, Refill, Throttle as _};
use account_core::store::{AccountRepository as _, AccountStore as _, Change};
use account_postgres::{PostgresOptions, PostgresStore};
use account_testkit::sample;

use crate::fixture::{beside, commit_to, database, register};

/// Polls at most so many times, and tells whether that was enough. Each poll waits for a wake-up.
async fn drop_after<F: Future>(polls: usize, future: F) -> bool {
    let mut future = pin!(future);
    let mut left = polls;
    poll_fn(|context| {
        if left == 0 {
            return Poll::Ready(false);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(_) => Poll::Ready(true),
            Poll::Pending if left == 0 => Poll::Ready(false),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

async fn alone() -> (account_postgres::scratch::ScratchDatabase, PostgresStore) {
    let database = database().await;
    let store =
        PostgresStore::connect(&database.url(), PostgresOptions::new().max_connections(1)).await.unwrap();
    (database, store)
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_a_read_dropped_at_any_poll_leaves_a_connection_that_works() {
    let (_database, store) = alone().await;
    let account = register(&store, 1).await;
    for polls in 0..12 {
        for _ in 0..5 {
            drop_after(polls, store.state(account.id)).await;
            assert_eq!(store.account(account.id).await.unwrap().unwrap(), account);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_a_commit_dropped_at_any_poll_is_whole_or_nothing_and_leaves_no_transaction() {
    let (database, store) = alone().await;
    let account = register(&store, 1).await;
    let mut beside = beside(&database).await;
    let mut came_through = [false, false];
    for round in 0..120_u64 {
        let polls = usize::try_from(round % 6).unwrap();
        let seen = store.account(account.id).await.unwrap().unwrap();
        let mut changes = vec![Change::AddApiKey(sample::api_key(round))];
        if round % 2 == 0 {
            changes.extend([
                Change::RemoveApiKey(sample::identifier(round)),
                Change::AddSshKey(sample::ssh_key(round % 5)),
            ]);
            changes.push(Change::RemoveSshKey(sample::ssh_key(round % 5).fingerprint()));
        } else {
            changes.push(Change::Record(sample::activity(round, account.uid)));
        }
        drop_after(polls, store.commit(&commit_to(&seen, changes))).await;
        // The only connection: this waits until the transaction is over.
        let state = store.state(account.id).await.unwrap().unwrap();
        let applied = state.account.revision == seen.revision.next();
        assert!(applied || state.account.revision == seen.revision);
        let key = sample::identifier(round);
        let added = state.api_keys.iter().any(|found| found.identifier == key);
        assert_eq!(added, applied && round % 2 == 1);
        assert!(state.ssh_keys.is_empty());
        came_through[usize::from(applied)] = true;
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'",
        )
        .fetch_one(&mut beside)
        .await
        .unwrap();
        assert_eq!(open, 0);
    }
    assert_eq!(came_through, [true, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_08_a_budget_taken_by_a_request_that_went_away_stays_taken_or_untouched() {
    let (_database, store) = alone().await;
    let budget = Budget {
        key: sample::throttle_key(1),
        limit: 1000,
        per: std::time::Duration::from_secs(60),
        refill: Refill::AllAtOnce,
    };
    for polls in 0..8 {
        for _ in 0..5 {
            drop_after(polls, store.take(&[budget], sample::NOON)).await;
        }
        store.ready().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_requests_that_go_away_leaves_all_connections_working() {
    let database = database().await;
    let store =
        PostgresStore::connect(&database.url(), PostgresOptions::new().max_connections(4)).await.unwrap();
    let account = register(&store, 1).await;
    for _ in 0..20 {
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.state(account.id).await })
            })
            .collect();
        tokio::task::yield_now().await;
        tasks.iter().for_each(tokio::task::JoinHandle::abort);
        assert!(store.state(account.id).await.unwrap().is_some());
    }
}
