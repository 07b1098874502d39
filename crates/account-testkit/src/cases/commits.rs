//! One commit: guarded by uid and revision, all or nothing, and seen by the next read.

use account_core::id::{AccountId, Revision};
use account_core::store::{Change, UniqueKey};

use super::given::{commit, outbox, registered, registered_with, state, trail, try_commit, unchanged};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same, stale, taken};
use crate::sample;

pub(crate) async fn a_commit_raises_the_revision_by_one(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    for turn in 1..=5 {
        let answered = commit(&store, id, vec![Change::SetAdmin(turn % 2 == 0)]).await?;
        same!(
            answered,
            Revision(turn + 1),
            "a commit answers the revision that it made, one higher than before"
        );
        let stored = state(&store, id).await?.account.revision;
        same!(
            stored,
            answered,
            "a commit raises the stored revision by one: else the next writer overwrites unseen"
        );
    }
    Ok(())
}

pub(crate) async fn a_commit_without_changes_raises_the_revision(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, Vec::new()).await?;
    same!(
        state(&store, id).await?.account.revision,
        Revision(2),
        "every commit raises the revision, an empty one too"
    );
    Ok(())
}

pub(crate) async fn a_commit_at_an_older_revision_is_stale(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let seen = state(&store, id).await?;
    commit(&store, id, vec![Change::SetAdmin(true)]).await?;
    let before = state(&store, id).await?;
    let answer = store.commit(&seen.commit(vec![Change::AddApiKey(sample::api_key(1))])).await;
    stale(answer, "a commit decided on an older revision must be refused, or an update is lost")?;
    unchanged(&store, &before, "a stale commit changes nothing").await
}

pub(crate) async fn a_commit_at_a_later_revision_is_stale(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let seen = state(&store, id).await?;
    let mut later = seen.commit(vec![Change::SetAdmin(true)]);
    later.expected = seen.account.revision.next();
    stale(store.commit(&later).await, "a commit must name the very revision that is stored")?;
    unchanged(&store, &seen, "a stale commit changes nothing").await
}

pub(crate) async fn a_commit_under_another_uid_is_stale(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let seen = state(&store, id).await?;
    let mut other = seen.commit(vec![Change::SetAdmin(true)]);
    other.uid = sample::uid(2);
    stale(
        store.commit(&other).await,
        "a commit must name the account's uid: the number alone may be another's",
    )?;
    unchanged(&store, &seen, "a commit under another uid changes nothing").await
}

pub(crate) async fn a_commit_to_no_account_is_stale(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let mut nobody =
        state(&store, id).await?.commit(vec![Change::Record(sample::activity(1, sample::uid(1)))]);
    nobody.account = AccountId(id.0 + 1000);
    stale(store.commit(&nobody).await, "a commit to an account that is not there is stale")?;
    same!(trail(&store, sample::uid(1)).await?.total, 0, "a commit to no account leaves no audit entry");
    Ok(())
}

pub(crate) async fn a_stale_commit_leaves_no_entry_and_no_mail(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let uid = sample::uid(1);
    let seen = state(&store, id).await?;
    commit(&store, id, Vec::new()).await?;
    let changes = vec![Change::Record(sample::activity(1, uid)), Change::Send(sample::mail(1, Some(uid)))];
    stale(store.commit(&seen.commit(changes)).await, "a commit at an older revision is stale")?;
    same!(
        trail(&store, uid).await?.total,
        0,
        "the audit entry is part of the commit: a refused one leaves none"
    );
    same!(outbox(&store).await?, [], "the mail is part of the commit: a refused one leaves none");
    Ok(())
}

pub(crate) async fn a_commit_that_is_taken_leaves_nothing(store: Store) -> Proven {
    registered(&store, 1).await?;
    let id = registered(&store, 2).await?;
    let uid = sample::uid(2);
    let before = state(&store, id).await?;
    let changes = vec![
        Change::SetAdmin(!before.account.admin),
        Change::AddApiKey(sample::api_key(5)),
        Change::OpenSession(sample::session(5)),
        Change::Record(sample::activity(5, uid)),
        Change::Send(sample::mail(5, Some(uid))),
        Change::SetEmail { email: sample::email(1), verified_at: None },
        Change::AddSshKey(sample::ssh_key(5)),
    ];
    let answer = try_commit(&store, id, changes).await?;
    taken(answer, UniqueKey::Email, "a change that is taken refuses the whole commit")?;
    unchanged(&store, &before, "of a refused commit nothing is kept, and the revision is not raised").await?;
    same!(trail(&store, uid).await?.total, 0, "of a refused commit no audit entry is kept");
    same!(outbox(&store).await?, [], "of a refused commit no mail is kept");
    promise!(
        store.api_key(&sample::identifier(5)).await?.is_none(),
        "of a refused commit no API key is kept"
    );
    promise!(
        store.session(&sample::session_token(5)).await?.is_none(),
        "of a refused commit no session is kept"
    );
    Ok(())
}

pub(crate) async fn an_account_can_be_committed_to_after_a_refusal(store: Store) -> Proven {
    registered(&store, 1).await?;
    let id = registered(&store, 2).await?;
    let seen = state(&store, id).await?;
    let theirs = Change::SetEmail { email: sample::email(1), verified_at: None };
    taken(store.commit(&seen.commit(vec![theirs])).await, UniqueKey::Email, "the address is another's")?;
    let answer = store.commit(&seen.commit(vec![Change::SetAdmin(true)])).await;
    promise!(
        answer.is_ok(),
        "a refused commit leaves the revision as it was, so the next one succeeds: {answer:?}"
    );
    Ok(())
}

pub(crate) async fn what_is_stale_is_stale_even_if_it_is_taken_too(store: Store) -> Proven {
    registered(&store, 1).await?;
    let id = registered(&store, 2).await?;
    let seen = state(&store, id).await?;
    commit(&store, id, Vec::new()).await?;
    let theirs = Change::SetEmail { email: sample::email(1), verified_at: None };
    let answer = store.commit(&seen.commit(vec![theirs])).await;
    stale(
        answer,
        "the revision is compared before anything is written, so this commit is stale and not taken",
    )
}

pub(crate) async fn what_is_taken_is_not_reported_as_stale(store: Store) -> Proven {
    registered_with(
        &store,
        1,
        &[Change::AddApiKey(sample::api_key(1)), Change::OpenSession(sample::session(1))],
    )
    .await?;
    let id = registered_with(&store, 2, &[Change::AddSshKey(sample::ssh_key(2))]).await?;
    let mut same_token = sample::session(2);
    same_token.token = sample::session_token(1);
    for (change, key) in [
        (Change::SetEmail { email: sample::email(1), verified_at: None }, UniqueKey::Email),
        (Change::AddApiKey(sample::api_key(1)), UniqueKey::ApiKeyIdentifier),
        (Change::AddSshKey(sample::ssh_key(2)), UniqueKey::SshKey),
        (Change::OpenSession(same_token), UniqueKey::Secret),
    ] {
        let words = format!(
            "a value that another row has is reported as Taken({key:?}): a stale commit would be tried again for ever"
        );
        taken(try_commit(&store, id, vec![change]).await?, key, &words)?;
    }
    Ok(())
}

pub(crate) async fn every_question_sees_a_commit_at_once(store: Store) -> Proven {
    let id = registered_with(
        &store,
        1,
        &[Change::AddApiKey(sample::api_key(1)), Change::OpenSession(sample::session(1))],
    )
    .await?;
    for turn in 1..=3 {
        let change = Change::SetDisabled((turn % 2 == 0).then(|| sample::at(1)));
        commit(&store, id, vec![change]).await?;
        let now = state(&store, id).await?.account;
        let by_key = store.api_key(&sample::identifier(1)).await?.map(|(_, account)| account);
        same!(
            by_key.as_ref(),
            Some(&now),
            "the account that comes with an API key is the account as it stands"
        );
        let by_session = store.session(&sample::session_token(1)).await?.map(|(_, account)| account);
        same!(
            by_session.as_ref(),
            Some(&now),
            "the account that comes with a session is the account as it stands"
        );
        same!(store.account(id).await?.as_ref(), Some(&now), "`account` and `state` tell the same");
    }
    Ok(())
}

pub(crate) async fn a_large_commit_is_one_commit(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let uid = sample::uid(1);
    let mut changes: Vec<Change> = (1..=60).map(|n| Change::AddApiKey(sample::api_key(n))).collect();
    changes.extend((1..=100).map(|n| Change::OpenSession(sample::session(n))));
    changes.extend((1..=100).map(|n| Change::Record(sample::activity(n, uid))));
    commit(&store, id, changes).await?;
    let now = state(&store, id).await?;
    same!(
        (now.api_keys.len(), now.sessions.len(), now.account.revision),
        (60, 100, Revision(2)),
        "a commit of many changes is one commit"
    );
    same!(trail(&store, uid).await?.total, 100, "all audit entries of a large commit are kept");
    Ok(())
}
