//! Last uses: forwards only, on rows that exist, never reviving what has expired.

use account_core::id::AccountUid;
use account_core::store::{Change, Observation};
use account_core::time::Timestamp;

use super::given::{registered, registered_with, state, unchanged};
use crate::adapter::Store;
use crate::broken::{Broken, Proven, promise, same};
use crate::sample;
use crate::sample::at;

fn used(account: AccountUid, n: u64, at: Timestamp) -> Observation {
    Observation::ApiKeyUsed { account, identifier: sample::identifier(n), at }
}

fn seen(n: u64, at: Timestamp, if_seen_since: Timestamp) -> Observation {
    Observation::SessionSeen { account: sample::uid(1), session: sample::session_id(n), at, if_seen_since }
}

async fn last_used(store: &Store, n: u64) -> Result<Option<Timestamp>, Broken> {
    Ok(store.api_key(&sample::identifier(n)).await?.and_then(|(key, _)| key.last_used_at))
}

async fn last_seen(store: &Store, n: u64) -> Result<Option<Timestamp>, Broken> {
    Ok(store.session(&sample::session_token(n)).await?.map(|(session, _)| session.last_seen_at))
}

pub(crate) async fn the_use_of_a_key_moves_forwards_only(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    same!(last_used(&store, 1).await?, None, "a new key was never used");
    for (noted, wanted) in [(50, 50), (90, 90), (70, 90), (90, 90), (91, 91)] {
        store.observe(&[used(sample::uid(1), 1, at(noted))]).await?;
        same!(last_used(&store, 1).await?, Some(at(wanted)), "the last use of a key never moves backwards");
    }
    Ok(())
}

pub(crate) async fn the_use_of_a_session_moves_forwards_only(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::OpenSession(sample::session(10))]).await?;
    for (noted, wanted) in [(50, 50), (90, 90), (70, 90), (91, 91)] {
        store.observe(&[seen(10, at(noted), sample::NOON)]).await?;
        same!(
            last_seen(&store, 10).await?,
            Some(at(wanted)),
            "the last use of a session never moves backwards"
        );
    }
    Ok(())
}

pub(crate) async fn an_expired_session_is_not_revived(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::OpenSession(sample::session(10))]).await?;
    store.observe(&[seen(10, at(900), at(11))]).await?;
    same!(
        last_seen(&store, 10).await?,
        Some(at(10)),
        "a session last seen before `if_seen_since` has expired: a late observation must not revive it"
    );
    store.observe(&[seen(10, at(900), at(10))]).await?;
    same!(
        last_seen(&store, 10).await?,
        Some(at(900)),
        "a session last seen at `if_seen_since` has not expired yet"
    );
    Ok(())
}

pub(crate) async fn one_bad_item_does_not_fail_the_batch(store: Store) -> Proven {
    let rows = [Change::AddApiKey(sample::api_key(1)), Change::OpenSession(sample::session(1))];
    registered_with(&store, 1, &rows).await?;
    let batch = [
        used(sample::uid(404), 1, at(500)),
        used(sample::uid(1), 404, at(500)),
        seen(404, at(500), sample::NOON),
        used(sample::uid(1), 1, at(60)),
        seen(1, at(70), sample::NOON),
    ];
    store.observe(&batch).await?;
    same!(
        last_used(&store, 1).await?,
        Some(at(60)),
        "items that name nothing are passed over, and the others noted"
    );
    same!(
        last_seen(&store, 1).await?,
        Some(at(70)),
        "items that name nothing are passed over, and the others noted"
    );
    store.observe(&[]).await?;
    Ok(())
}

pub(crate) async fn an_observation_counts_for_its_owner_alone(store: Store) -> Proven {
    registered_with(
        &store,
        1,
        &[Change::AddApiKey(sample::api_key(1)), Change::OpenSession(sample::session(1))],
    )
    .await?;
    registered(&store, 2).await?;
    let of_another = Observation::SessionSeen {
        account: sample::uid(2),
        session: sample::session_id(1),
        at: at(500),
        if_seen_since: sample::NOON,
    };
    store.observe(&[used(sample::uid(2), 1, at(500)), of_another]).await?;
    same!(last_used(&store, 1).await?, None, "a use is noted only on a key of the account that it names");
    same!(
        last_seen(&store, 1).await?,
        Some(at(1)),
        "a use is noted only on a session of the account that it names"
    );
    Ok(())
}

pub(crate) async fn observing_raises_no_revision(store: Store) -> Proven {
    let id = registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    let mut expected = state(&store, id).await?;
    store.observe(&[used(sample::uid(1), 1, at(60))]).await?;
    for key in &mut expected.api_keys {
        key.last_used_at = Some(at(60));
    }
    unchanged(&store, &expected, "an observation moves one time and nothing else: no revision is raised")
        .await
}

pub(crate) async fn an_observation_makes_no_row(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    store.observe(&[used(sample::uid(1), 1, at(60)), seen(1, at(60), sample::NOON)]).await?;
    let now = state(&store, id).await?;
    promise!(now.api_keys.is_empty() && now.sessions.is_empty(), "an observation made a row: {now:?}");
    Ok(())
}

pub(crate) async fn a_large_batch_is_noted_whole(store: Store) -> Proven {
    let keys: Vec<Change> = (1..=25).map(|n| Change::AddApiKey(sample::api_key(n))).collect();
    let id = registered_with(&store, 1, &keys).await?;
    let batch: Vec<Observation> = (0..1000).map(|n| used(sample::uid(1), n % 25 + 1, at(1000 + n))).collect();
    store.observe(&batch).await?;
    let times: Vec<_> = store.api_keys(id).await?.iter().filter_map(|key| key.last_used_at).collect();
    let wanted: Vec<_> = (0..25).map(|n| at(1975 + n)).collect();
    same!(times, wanted, "of many uses of one key in a batch, the last one stands");
    Ok(())
}
