//! A disk without space, made by a limit of pages: what does not fit is refused, what was
//! acknowledged is there, and writing goes on by itself when there is space again (REL-03).

use crate::fixture::{NOON, activity, at, commit, registered, uid, wait};
use account_core::activity::ActivityQuery;
use account_core::store::{
    AccountRepository as _, AccountStore as _, ActivityRepository as _, Change, Expired, StoreError,
};
use account_core::time::Timestamp;
use account_sqlite::{OpenOptions, SqliteStore};
use futures_util::future::join_all;

const LONG: usize = 20_000;

fn everything_before(time: Timestamp) -> Expired {
    let never = Timestamp::from_millis(i64::MIN);
    Expired {
        sessions_seen_before: never,
        sessions_created_before: never,
        pending_sign_ins_before: never,
        pending_two_factor_before: never,
        reset_tokens_before: never,
        verification_tokens_before: never,
        mail_before: never,
        activity_before: time,
    }
}

fn entries(store: &SqliteStore, n: u64) -> u64 {
    let query = ActivityQuery { subject: uid(n), events: None, newest_first: true, offset: 0, limit: 0 };
    wait(store.activities(&query)).unwrap().total
}

#[test]
fn rel_03_a_full_disk_refuses_what_does_not_fit_and_recovers_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let store = OpenOptions::new().max_pages(150).open(folder.path().join("account.db")).unwrap();
    let id = registered(&store, 1);
    let mut acknowledged = 0;
    loop {
        let state = wait(store.state(id)).unwrap().unwrap();
        let changes = vec![Change::SetAdmin(true), Change::Record(activity(acknowledged, uid(1), LONG))];
        match wait(store.commit(&state.commit(changes))) {
            Ok(_) => acknowledged += 1,
            Err(StoreError::Unavailable(_)) => break,
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(acknowledged > 3);
    let refused = wait(store.state(id)).unwrap().unwrap();
    assert_eq!(refused.account.revision.0, i64::try_from(acknowledged).unwrap() + 1);
    assert_eq!(entries(&store, 1), acknowledged);
    assert!(wait(store.purge(&everything_before(at(acknowledged)), 1000)).unwrap() > 0);
    commit(&store, id, vec![Change::Record(activity(acknowledged, uid(1), LONG))]);
    assert_eq!(entries(&store, 1), 1);
}

#[test]
fn what_fits_is_kept_when_a_neighbour_in_the_same_transaction_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let store = OpenOptions::new().max_pages(200).open(folder.path().join("account.db")).unwrap();
    let ids: Vec<_> = (0..60).map(|n| registered(&store, n)).collect();
    for round in 0_u64..20 {
        // All are handed in before the first is answered, so they share transactions.
        let states: Vec<_> = ids.iter().map(|id| wait(store.state(*id)).unwrap().unwrap()).collect();
        let commits: Vec<_> = states
            .iter()
            .zip(0_u64..)
            .map(|(state, n)| {
                let len = if n % 7 == 3 { 1_000_000 } else { 10 };
                let name = round * 1000 + n;
                state.commit(vec![
                    Change::Record(activity(name, state.account.uid, len)),
                    Change::SetAdmin(round % 2 == 0),
                ])
            })
            .collect();
        let answers = wait(join_all(commits.iter().map(|commit| store.commit(commit))));
        for ((answer, before), n) in answers.into_iter().zip(&states).zip(0_u64..) {
            let after = wait(store.account(before.account.id)).unwrap().unwrap();
            match answer {
                Ok(revision) => {
                    assert!(n % 7 != 3, "a megabyte does not fit into 200 pages");
                    assert_eq!(after.revision, revision);
                    assert_eq!(after.admin, round % 2 == 0);
                    assert_eq!(entries(&store, n), 1, "the entry of account {n} in round {round}");
                }
                Err(StoreError::Unavailable(_)) => {
                    assert_eq!(after, before.account, "nothing of a refused commit is seen");
                    assert_eq!(entries(&store, n), 0);
                }
                Err(other) => panic!("{other:?}"),
            }
            assert!(n % 7 == 3 || after.revision > before.account.revision, "a small one always fits");
        }
        wait(store.purge(&everything_before(NOON.plus(std::time::Duration::from_secs(3600))), 1000)).unwrap();
    }
}

#[test]
fn a_store_that_cannot_be_made_within_its_limit_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    assert!(OpenOptions::new().max_pages(5).open(folder.path().join("account.db")).is_err());
}
