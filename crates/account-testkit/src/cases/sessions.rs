//! Sessions, and sign-ins that wait for their second factor.

use account_core::session::{StoredSession, UserAgent};
use account_core::sign_in::PendingSignIn;
use account_core::store::{Change, UniqueKey};

use super::given::{NEVER, commit, registered, registered_with, state, try_commit};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same, taken};
use crate::sample;

pub(crate) async fn a_session_is_read_back_whole(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let bare = StoredSession { ip: None, user_agent: None, ..sample::session(3) };
    let long = StoredSession { user_agent: UserAgent::parse(&"😀".repeat(255)).ok(), ..sample::session(4) };
    let sessions = vec![sample::session(1), sample::session(2), bare, long];
    commit(&store, id, sessions.iter().cloned().map(Change::OpenSession).collect()).await?;
    same!(store.sessions(id).await?, sessions, "the account's sessions are read back as they were given");
    same!(state(&store, id).await?.sessions, sessions, "`state` and `sessions` tell the same");
    for session in &sessions {
        let found = store.session(&session.token).await?;
        same!(
            found.as_ref().map(|(session, _)| session),
            Some(session),
            "a session is found by its token, whole"
        );
        same!(found.map(|(_, account)| account.id), Some(id), "a session comes with its account");
    }
    Ok(())
}

pub(crate) async fn an_expired_session_is_still_there(store: Store) -> Proven {
    let old = StoredSession { created_at: NEVER, last_seen_at: NEVER, ..sample::session(1) };
    let id = registered_with(&store, 1, &[Change::OpenSession(old.clone())]).await?;
    let found = store.session(&old.token).await?.map(|(session, _)| session);
    same!(
        found.as_ref(),
        Some(&old),
        "a store does not judge: an expired session is found until it is swept away"
    );
    same!(store.sessions(id).await?, [old], "a store does not judge: an expired session is listed");
    Ok(())
}

pub(crate) async fn a_session_of_an_older_epoch_is_still_there(store: Store) -> Proven {
    let id = registered_with(&store, 1, &[Change::OpenSession(sample::session(1))]).await?;
    commit(&store, id, vec![Change::SetPasswordEpoch(account_core::id::PasswordEpoch(2))]).await?;
    let found = store.session(&sample::session_token(1)).await?;
    promise!(found.is_some(), "epochs are the core's to compare: a store gives the session as it is");
    Ok(())
}

pub(crate) async fn sessions_come_oldest_first(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let made = |n: u64, at: u64| StoredSession { created_at: sample::at(at), ..sample::session(n) };
    for session in [made(5, 50), made(3, 50), made(9, 10), made(1, 90), made(2, 50)] {
        commit(&store, id, vec![Change::OpenSession(session)]).await?;
    }
    let order: Vec<_> = store.sessions(id).await?.into_iter().map(|session| session.id).collect();
    same!(
        order,
        [9, 5, 3, 2, 1].map(sample::session_id),
        "sessions come oldest first, and those of one millisecond in the order they were opened"
    );
    Ok(())
}

pub(crate) async fn an_ended_session_is_gone_at_once(store: Store) -> Proven {
    let sessions = [1, 2].map(|n| Change::OpenSession(sample::session(n)));
    let id = registered_with(&store, 1, &sessions).await?;
    commit(&store, id, vec![Change::EndSession(sample::session_id(1))]).await?;
    promise!(store.session(&sample::session_token(1)).await?.is_none(), "an ended session must open nothing");
    same!(store.sessions(id).await?, [sample::session(2)], "the other sessions stay");
    Ok(())
}

pub(crate) async fn all_sessions_but_one_are_ended(store: Store) -> Proven {
    let sessions = [1, 2, 3].map(|n| Change::OpenSession(sample::session(n)));
    let id = registered_with(&store, 1, &sessions).await?;
    commit(&store, id, vec![Change::EndSessionsExcept(Some(sample::session_id(2)))]).await?;
    same!(store.sessions(id).await?, [sample::session(2)], "all sessions but the one named are ended");
    commit(&store, id, vec![Change::EndSessionsExcept(Some(sample::session_id(9)))]).await?;
    same!(store.sessions(id).await?, [], "where the one to keep is not there, all are ended");
    commit(
        &store,
        id,
        vec![Change::OpenSession(sample::session(4)), Change::OpenSession(sample::session(5))],
    )
    .await?;
    commit(&store, id, vec![Change::EndSessionsExcept(None)]).await?;
    same!(store.sessions(id).await?, [], "with no session to keep, all are ended");
    Ok(())
}

pub(crate) async fn handle_and_token_of_a_session_are_unique(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::OpenSession(sample::session(1))]).await?;
    let id = registered(&store, 2).await?;
    let same_handle = StoredSession { id: sample::session_id(1), ..sample::session(2) };
    let answer = try_commit(&store, id, vec![Change::OpenSession(same_handle)]).await?;
    taken(answer, UniqueKey::Secret, "a session's handle has one owner")?;
    let same_token = StoredSession { token: sample::session_token(1), ..sample::session(2) };
    let answer = try_commit(&store, id, vec![Change::OpenSession(same_token)]).await?;
    taken(answer, UniqueKey::Secret, "a session's token has one owner")
}

pub(crate) async fn a_session_gets_a_new_mac_and_nothing_else(store: Store) -> Proven {
    let sessions = [1, 2].map(|n| Change::OpenSession(sample::session(n)));
    let id = registered_with(&store, 1, &sessions).await?;
    commit(&store, id, vec![Change::SetSessionMac(sample::session_id(1), sample::mac(9))]).await?;
    let expected = [StoredSession { mac: sample::mac(9), ..sample::session(1) }, sample::session(2)];
    same!(
        store.sessions(id).await?,
        expected,
        "a new MAC is stored, and nothing else of any session changes"
    );
    Ok(())
}

pub(crate) async fn a_pending_sign_in_leads_to_its_account(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let other = registered(&store, 2).await?;
    commit(&store, id, vec![Change::OpenPendingSignIn(sample::pending_sign_in(1))]).await?;
    let bare = PendingSignIn { ip: None, ..sample::pending_sign_in(2) };
    commit(&store, other, vec![Change::OpenPendingSignIn(bare.clone())]).await?;
    let found = store.account_by_pending_sign_in(&sample::pending_token(1)).await?;
    same!(found, Some(id), "a pending sign-in leads to its account");
    same!(
        state(&store, id).await?.pending_sign_ins,
        [sample::pending_sign_in(1)],
        "it is read back as it was given"
    );
    same!(
        state(&store, other).await?.pending_sign_ins,
        [bare],
        "one without an address is read back as it was given"
    );
    Ok(())
}

pub(crate) async fn tries_of_a_pending_sign_in_are_set(store: Store) -> Proven {
    let rows = [1, 2].map(|n| Change::OpenPendingSignIn(sample::pending_sign_in(n)));
    let id = registered_with(&store, 1, &rows).await?;
    commit(&store, id, vec![Change::SetPendingSignInTries(sample::pending_token(1), 4)]).await?;
    let tries: Vec<u32> = state(&store, id).await?.pending_sign_ins.iter().map(|p| p.tries).collect();
    same!(tries, [4, 0], "the tries of one pending sign-in are set, and of no other");
    Ok(())
}

pub(crate) async fn pending_sign_ins_come_oldest_first_and_end(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let made = |n: u64, at: u64| PendingSignIn { created_at: sample::at(at), ..sample::pending_sign_in(n) };
    for pending in [made(5, 50), made(3, 50), made(9, 10)] {
        commit(&store, id, vec![Change::OpenPendingSignIn(pending)]).await?;
    }
    let order: Vec<_> = state(&store, id).await?.pending_sign_ins.iter().map(|p| p.token).collect();
    same!(
        order,
        [9, 5, 3].map(sample::pending_token),
        "pending sign-ins come oldest first, then as they were added"
    );
    commit(&store, id, vec![Change::EndPendingSignIn(sample::pending_token(5))]).await?;
    let ended = store.account_by_pending_sign_in(&sample::pending_token(5)).await?;
    same!(ended, None, "an ended pending sign-in leads nowhere");
    let kept = store.account_by_pending_sign_in(&sample::pending_token(3)).await?;
    same!(kept, Some(id), "the others still lead to their account");
    commit(&store, id, vec![Change::EndPendingSignIns]).await?;
    same!(state(&store, id).await?.pending_sign_ins, [], "all pending sign-ins are ended at once");
    Ok(())
}

pub(crate) async fn a_pending_sign_in_has_one_owner(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::OpenPendingSignIn(sample::pending_sign_in(1))]).await?;
    let id = registered(&store, 2).await?;
    let answer = try_commit(&store, id, vec![Change::OpenPendingSignIn(sample::pending_sign_in(1))]).await?;
    taken(answer, UniqueKey::Secret, "a pending sign-in's token has one owner")
}
