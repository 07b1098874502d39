//! The sweep: rows before the cut go, rows at it stay, no revision is raised.

use account_core::activity::Activity;
use account_core::mail::{MailToken, MailTokenPurpose, QueuedMail};
use account_core::session::StoredSession;
use account_core::sign_in::PendingSignIn;
use account_core::store::{Change, Expired};

use super::given::{
    NEVER, commit, nothing_expired, outbox, registered, registered_with, state, trail, unchanged,
};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same};
use crate::sample;
use crate::sample::at;

const WORDS: &str = "rows before the cut-off are swept away, rows at it are not expired yet and stay";

pub(crate) async fn idle_sessions_go_and_those_at_the_cut_stay(store: Store) -> Proven {
    let seen = |n: u64, millis: u64| {
        Change::OpenSession(StoredSession {
            last_seen_at: at(millis),
            created_at: NEVER.max(at(0)),
            ..sample::session(n)
        })
    };
    let id = registered_with(&store, 1, &[seen(1, 99), seen(2, 100), seen(3, 101)]).await?;
    let gone = store.purge(&Expired { sessions_seen_before: at(100), ..nothing_expired() }, 100).await?;
    let left: Vec<_> = store.sessions(id).await?.into_iter().map(|session| session.id).collect();
    same!(left, [2, 3].map(sample::session_id), "{WORDS} (sessions, by last use)");
    same!(gone, 1, "a sweep answers how many rows it took away");
    promise!(store.session(&sample::session_token(1)).await?.is_none(), "a swept session is found no more");
    Ok(())
}

pub(crate) async fn old_sessions_go_however_lately_used(store: Store) -> Proven {
    let made = |n: u64, millis: u64| {
        Change::OpenSession(StoredSession {
            created_at: at(millis),
            last_seen_at: at(5000),
            ..sample::session(n)
        })
    };
    let id = registered_with(&store, 1, &[made(1, 99), made(2, 100)]).await?;
    store.purge(&Expired { sessions_created_before: at(100), ..nothing_expired() }, 100).await?;
    let left: Vec<_> = store.sessions(id).await?.into_iter().map(|session| session.id).collect();
    same!(left, [sample::session_id(2)], "{WORDS} (sessions, by age)");
    Ok(())
}

pub(crate) async fn old_pending_sign_ins_go(store: Store) -> Proven {
    let made = |n: u64, millis: u64| {
        Change::OpenPendingSignIn(PendingSignIn { created_at: at(millis), ..sample::pending_sign_in(n) })
    };
    let id = registered_with(&store, 1, &[made(1, 99), made(2, 100)]).await?;
    store.purge(&Expired { pending_sign_ins_before: at(100), ..nothing_expired() }, 100).await?;
    let left: Vec<_> = state(&store, id).await?.pending_sign_ins.iter().map(|p| p.token).collect();
    same!(left, [sample::pending_token(2)], "{WORDS} (pending sign-ins)");
    Ok(())
}

pub(crate) async fn an_old_pending_factor_goes_and_the_active_one_stays(store: Store) -> Proven {
    let rows = |n: u64| {
        [
            Change::SetPendingTwoFactor(Some(sample::pending_two_factor(n))),
            Change::SetTwoFactor(Some(sample::two_factor(n))),
        ]
    };
    let old = registered_with(&store, 99, &rows(99)).await?;
    let young = registered_with(&store, 100, &rows(100)).await?;
    store.purge(&Expired { pending_two_factor_before: at(100), ..nothing_expired() }, 100).await?;
    promise!(state(&store, old).await?.pending_two_factor.is_none(), "{WORDS} (pending second factors)");
    promise!(state(&store, young).await?.pending_two_factor.is_some(), "{WORDS} (pending second factors)");
    promise!(
        state(&store, old).await?.two_factor.is_some(),
        "the sweep must not take an active second factor"
    );
    Ok(())
}

pub(crate) async fn old_mailed_tokens_go_each_purpose_by_its_own_cut(store: Store) -> Proven {
    let made = |n: u64, purpose, millis: u64| {
        Change::AddMailToken(MailToken { purpose, created_at: at(millis), ..sample::mail_token(n) })
    };
    let (reset, verify) = (MailTokenPurpose::PasswordReset, MailTokenPurpose::EmailVerification);
    let tokens = [made(1, reset, 99), made(2, verify, 99), made(3, reset, 100), made(4, verify, 100)];
    let id = registered_with(&store, 1, &tokens).await?;
    store.purge(&Expired { reset_tokens_before: at(100), ..nothing_expired() }, 100).await?;
    let left = |tokens: Vec<MailToken>| -> Vec<_> { tokens.iter().map(|token| token.token).collect() };
    same!(
        left(state(&store, id).await?.mail_tokens),
        [2, 3, 4].map(sample::mail_token_digest),
        "{WORDS} (password-reset tokens, and no others)"
    );
    store.purge(&Expired { verification_tokens_before: at(100), ..nothing_expired() }, 100).await?;
    same!(
        left(state(&store, id).await?.mail_tokens),
        [3, 4].map(sample::mail_token_digest),
        "{WORDS} (verification tokens, and no others)"
    );
    Ok(())
}

pub(crate) async fn old_mail_goes(store: Store) -> Proven {
    for (n, millis) in [(1, 99), (2, 100)] {
        store.queue_mail(&QueuedMail { created_at: at(millis), ..sample::mail(n, None) }).await?;
    }
    store.purge(&Expired { mail_before: at(100), ..nothing_expired() }, 100).await?;
    let left: Vec<_> = outbox(&store).await?.into_iter().map(|mail| mail.id).collect();
    same!(left, [sample::mail_id(2)], "{WORDS} (queued mail)");
    Ok(())
}

pub(crate) async fn old_audit_entries_go(store: Store) -> Proven {
    let uid = sample::uid(1);
    let entry = |n: u64, millis: u64| Activity { at: at(millis), ..sample::activity(n, uid) };
    store.record(&[entry(1, 99), entry(2, 100)]).await?;
    store.purge(&Expired { activity_before: at(100), ..nothing_expired() }, 100).await?;
    let left: Vec<_> = trail(&store, uid).await?.entries.iter().map(|entry| entry.id).collect();
    same!(left, [sample::activity_id(2)], "{WORDS} (audit entries)");
    Ok(())
}

pub(crate) async fn a_sweep_is_bounded_and_goes_on(store: Store) -> Proven {
    let sessions: Vec<Change> = (1..=7).map(|n| Change::OpenSession(sample::session(n))).collect();
    let id = registered_with(&store, 1, &sessions).await?;
    let expired = Expired { sessions_seen_before: at(6), ..nothing_expired() };
    for (gone, left) in [(2, 5), (2, 3), (1, 2), (0, 2)] {
        same!(
            store.purge(&expired, 2).await?,
            gone,
            "a sweep takes at most `limit` rows of a kind, and says how many"
        );
        same!(store.sessions(id).await?.len(), left, "a sweep takes as many rows as it says");
    }
    same!(store.purge(&expired, 0).await?, 0, "a sweep of at most none takes none");
    Ok(())
}

pub(crate) async fn a_sweep_raises_no_revision_and_takes_no_live_row(store: Store) -> Proven {
    let uid = sample::uid(1);
    let rows = [
        Change::OpenSession(sample::session(1)),
        Change::OpenPendingSignIn(sample::pending_sign_in(1)),
        Change::SetPendingTwoFactor(Some(sample::pending_two_factor(1))),
        Change::AddMailToken(sample::mail_token(1)),
        Change::AddMailToken(sample::mail_token(2)),
        Change::Record(sample::activity(1, uid)),
        Change::Send(sample::mail(1, Some(uid))),
    ];
    let id = registered_with(&store, 1, &rows).await?;
    let before = state(&store, id).await?;
    same!(
        store.purge(&nothing_expired(), 1000).await?,
        0,
        "where nothing has expired, nothing is swept away"
    );
    unchanged(&store, &before, "a sweep takes no live row and raises no revision").await?;
    let everything = Expired { sessions_seen_before: at(10_000), ..nothing_expired() };
    store.purge(&everything, 1000).await?;
    same!(state(&store, id).await?.account.revision, before.account.revision, "a sweep raises no revision");
    same!(trail(&store, uid).await?.total, 1, "a sweep of sessions takes no audit entry");
    same!(outbox(&store).await?.len(), 1, "a sweep of sessions takes no mail");
    Ok(())
}

pub(crate) async fn a_swept_token_is_free(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::OpenSession(sample::session(1))]).await?;
    store.purge(&Expired { sessions_created_before: at(100), ..nothing_expired() }, 10).await?;
    let id = registered(&store, 2).await?;
    commit(&store, id, vec![Change::OpenSession(sample::session(1))]).await?;
    let owner = store.session(&sample::session_token(1)).await?.map(|(_, account)| account.id);
    same!(owner, Some(id), "the token of a swept session is free again");
    Ok(())
}
