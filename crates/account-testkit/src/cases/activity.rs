//! The audit trail, and entries that are written outside of a commit.

use account_core::activity::{Activity, ActivityPage, ActivityQuery, Event};
use account_core::id::ActivityId;
use account_core::store::Change;

use super::given::{commit, registered, state, trail, unchanged};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same};
use crate::sample;

fn newest() -> ActivityQuery {
    ActivityQuery { subject: sample::uid(1), events: None, newest_first: true, offset: 0, limit: 100 }
}

fn names(page: &ActivityPage) -> Vec<ActivityId> {
    page.entries.iter().map(|entry| entry.id).collect()
}

fn entry(n: u64, at: u64) -> Activity {
    Activity { at: sample::at(at), ..sample::activity(n, sample::uid(1)) }
}

pub(crate) async fn an_entry_is_read_back_whole(store: Store) -> Proven {
    let uid = sample::uid(1);
    let mut entries: Vec<Activity> = (1..=40).map(|n| sample::activity(n, uid)).collect();
    entries.push(Activity { ip: None, actor: None, properties: Vec::new(), ..sample::activity(50, uid) });
    let twice = vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
    entries.push(Activity { properties: twice, ..sample::activity(51, uid) });
    store.record(&entries).await?;
    same!(
        trail(&store, uid).await?.entries,
        entries,
        "an audit entry is read back as it was given, its properties in their order"
    );
    Ok(())
}

pub(crate) async fn entries_come_in_either_order(store: Store) -> Proven {
    let written = [entry(5, 50), entry(3, 50), entry(9, 10), entry(1, 90), entry(2, 50)];
    for one in &written {
        store.record(std::slice::from_ref(one)).await?;
    }
    let mut wanted = [9, 5, 3, 2, 1].map(sample::activity_id);
    let oldest = store.activities(&ActivityQuery { newest_first: false, ..newest() }).await?;
    same!(names(&oldest), wanted, "oldest first; entries of one millisecond in the order they were written");
    wanted.reverse();
    let latest = store.activities(&newest()).await?;
    same!(names(&latest), wanted, "newest first is exactly the other way round, within one millisecond too");
    Ok(())
}

pub(crate) async fn entries_of_one_commit_keep_their_order(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let changes = [7, 3, 5, 1].map(|n| Change::Record(entry(n, 10))).to_vec();
    commit(&store, id, changes).await?;
    let oldest = store.activities(&ActivityQuery { newest_first: false, ..newest() }).await?;
    same!(
        names(&oldest),
        [7, 3, 5, 1].map(sample::activity_id),
        "entries of one commit keep the order of its changes"
    );
    Ok(())
}

pub(crate) async fn entries_are_filtered_by_event(store: Store) -> Proven {
    let kinds = [Event::SignedIn, Event::SignInFailed, Event::SignedIn, Event::PasswordChanged];
    let entries: Vec<Activity> =
        kinds.into_iter().zip(1..).map(|(event, n)| Activity { event, ..entry(n, n) }).collect();
    store.record(&entries).await?;
    for (events, wanted) in [
        (vec![Event::SignedIn], vec![3, 1]),
        (vec![Event::SignedIn, Event::PasswordChanged], vec![4, 3, 1]),
        (vec![Event::Deleted], vec![]),
        (vec![], vec![]),
    ] {
        let page = store.activities(&ActivityQuery { events: Some(events.clone()), ..newest() }).await?;
        let wanted: Vec<_> = wanted.into_iter().map(sample::activity_id).collect();
        same!(names(&page), wanted, "only the events asked for are given: {events:?}");
        let total = u64::try_from(wanted.len()).unwrap_or(u64::MAX);
        same!(page.total, total, "the total counts the events asked for alone: {events:?}");
    }
    Ok(())
}

pub(crate) async fn a_page_has_its_offset_and_limit_and_the_total_of_all(store: Store) -> Proven {
    let entries: Vec<Activity> = (1..=7).map(|n| entry(n, n)).collect();
    store.record(&entries).await?;
    for (offset, limit, wanted) in [
        (0, 3, vec![7, 6, 5]),
        (3, 3, vec![4, 3, 2]),
        (6, 3, vec![1]),
        (7, 3, vec![]),
        (0, 0, vec![]),
        (1 << 40, 3, vec![]),
        (u64::MAX, u32::MAX, vec![]),
    ] {
        let page = store.activities(&ActivityQuery { offset, limit, ..newest() }).await?;
        let wanted: Vec<_> = wanted.into_iter().map(sample::activity_id).collect();
        same!(
            names(&page),
            wanted,
            "a page begins at its offset and has at most its limit ({offset}, {limit})"
        );
        same!(page.total, 7, "the total is that of all pages ({offset}, {limit})");
    }
    Ok(())
}

pub(crate) async fn only_entries_about_the_account_are_given(store: Store) -> Proven {
    let (uid, other) = (sample::uid(1), sample::uid(2));
    let about_other = Activity { actor: Some(uid), ..sample::activity(2, other) };
    let about_nobody = Activity { subject: None, actor: None, ..sample::activity(3, uid) };
    store.record(&[sample::activity(1, uid), about_other, about_nobody]).await?;
    let page = store.activities(&newest()).await?;
    same!(names(&page), [sample::activity_id(1)], "only entries whose subject is the account are given");
    same!(page.total, 1, "only entries whose subject is the account are counted");
    Ok(())
}

pub(crate) async fn a_property_may_hold_any_character(store: Store) -> Proven {
    let uid = sample::uid(1);
    let strange = "\0\u{1}\u{7f}\u{85}\u{2028}\u{FEFF}\u{FFFF}\u{10FFFF}\\u0000'\"";
    let properties = vec![(strange.to_owned(), strange.to_owned()), ("\0".to_owned(), String::new())];
    let on_its_own = Activity { properties: properties.clone(), ..sample::activity(1, uid) };
    let in_a_commit = Activity { properties, ..sample::activity(2, uid) };
    store.record(std::slice::from_ref(&on_its_own)).await?;
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::Record(in_a_commit.clone())]).await?;
    same!(
        trail(&store, uid).await?.entries,
        [on_its_own, in_a_commit],
        "a property is read back as it was given, NUL and all: some databases need it escaped"
    );
    Ok(())
}

pub(crate) async fn recording_raises_no_revision(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let before = state(&store, id).await?;
    store.record(&[sample::activity(1, sample::uid(1))]).await?;
    unchanged(
        &store,
        &before,
        "an entry outside of a commit leaves the account alone: raising the revision would let anybody who \
         fails to sign in disturb the owner",
    )
    .await
}

pub(crate) async fn a_known_entry_is_passed_over_and_the_others_are_written(store: Store) -> Proven {
    let uid = sample::uid(1);
    store.record(&[sample::activity(1, uid)]).await?;
    let forged = Activity { event: Event::Deleted, ..sample::activity(1, uid) };
    store.record(&[sample::activity(2, uid), forged.clone(), sample::activity(3, uid), forged]).await?;
    same!(
        trail(&store, uid).await?.entries,
        [1, 2, 3].map(|n| sample::activity(n, uid)),
        "an entry whose name is there already is passed over, the first one stands, and the rest is written"
    );
    store.record(&[]).await?;
    Ok(())
}

pub(crate) async fn the_trail_is_found_whatever_the_account_is_called_now(store: Store) -> Proven {
    let uid = sample::uid(1);
    let id = registered(&store, 1).await?;
    store.record(&[sample::activity(1, uid)]).await?;
    commit(&store, id, vec![Change::SetEmail { email: sample::email(9), verified_at: None }]).await?;
    promise!(trail(&store, uid).await?.total == 1, "entries name the account by uid, not by its address");
    Ok(())
}
