//! The guard: of commits that read the same revision one stands, whatever they change.

use std::time::Duration;

use account_core::id::PasswordEpoch;
use account_core::store::{
    AccountRepository as _, AccountStore as _, Change, SessionRepository as _, StoreError,
};
use account_testkit::sample;

use crate::fixture::{commit_to, fresh, register};

async fn later<T>(wait: Duration, work: impl Future<Output = T>) -> T {
    tokio::time::sleep(wait).await;
    work.await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_never_outlives_the_password_change_it_raced() {
    let (database, one) = fresh().await;
    let two = database.store().await.unwrap();
    let account = register(&one, 1).await;
    let mut seen = account;
    let mut outcomes = [0, 0];
    for round in 0..200 {
        let epoch = seen.password_epoch.next();
        let changing = commit_to(
            &seen,
            vec![
                Change::SetPassword(sample::password(round)),
                Change::SetPasswordEpoch(epoch),
                Change::EndSessionsExcept(None),
            ],
        );
        let mut session = sample::session(round);
        session.password_epoch = seen.password_epoch;
        let opening = commit_to(&seen, vec![Change::OpenSession(session)]);
        // At the same moment, or one of them a little later: each wins some of them.
        let behind = Duration::from_millis(round % 4);
        let (changed, opened) = if round % 8 < 4 {
            tokio::join!(one.commit(&changing), later(behind, two.commit(&opening)))
        } else {
            tokio::join!(later(behind, one.commit(&changing)), two.commit(&opening))
        };
        assert!(changed.is_ok() != opened.is_ok(), "{changed:?} {opened:?}");
        let lost = if changed.is_ok() { &opened } else { &changed };
        assert!(matches!(lost, Err(StoreError::Stale)), "{lost:?}");
        outcomes[usize::from(changed.is_ok())] += 1;
        seen = one.account(seen.id).await.unwrap().unwrap();
        let expected: PasswordEpoch = seen.password_epoch;
        let live = two.sessions(seen.id).await.unwrap();
        assert!(
            live.iter().filter(|session| changed.is_ok() || session.password_epoch != expected).count() == 0
        );
    }
    assert!(outcomes.iter().all(|won| *won > 0), "no race: {outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_commits_on_one_revision_exactly_one_stands() {
    let (database, one) = fresh().await;
    let two = database.store().await.unwrap();
    let account = register(&one, 1).await;
    let tasks: Vec<_> = (0..40)
        .map(|n| {
            let store = if n % 2 == 0 { one.clone() } else { two.clone() };
            let commit = commit_to(&account, vec![Change::AddApiKey(sample::api_key(n))]);
            tokio::spawn(async move { store.commit(&commit).await })
        })
        .collect();
    let mut won = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(revision) => {
                assert_eq!(revision, account.revision.next());
                won += 1;
            }
            Err(error) => assert!(matches!(error, StoreError::Stale), "{error:?}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(one.state(account.id).await.unwrap().unwrap().api_keys.len(), 1);
}

#[tokio::test]
async fn a_commit_to_another_uid_or_a_gone_account_is_stale() {
    let (_database, store) = fresh().await;
    let account = register(&store, 1).await;
    let mut commit = commit_to(&account, vec![Change::DeleteAccount]);
    commit.uid = sample::uid(2);
    assert!(matches!(store.commit(&commit).await, Err(StoreError::Stale)));
    commit.uid = account.uid;
    store.commit(&commit).await.unwrap();
    assert!(matches!(store.commit(&commit).await, Err(StoreError::Stale)));
}
