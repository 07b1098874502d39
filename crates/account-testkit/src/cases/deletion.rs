//! Deleting an account: all that hangs on it goes, the audit trail stays.

use account_core::store::{Change, Observation};

use super::given::{commit, outbox, registered, registered_with, state, trail};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same, stale};
use crate::sample;

fn all_rows(n: u64) -> Vec<Change> {
    vec![
        Change::AddApiKey(sample::api_key(n)),
        Change::AddSshKey(sample::ssh_key(n)),
        Change::OpenSession(sample::session(n)),
        Change::OpenPendingSignIn(sample::pending_sign_in(n)),
        Change::AddMailToken(sample::mail_token(n)),
        Change::SetTwoFactor(Some(sample::two_factor(n))),
        Change::SetPendingTwoFactor(Some(sample::pending_two_factor(n))),
        Change::ReplaceRecoveryCodes(sample::recovery_codes(n, 3)),
    ]
}

pub(crate) async fn a_deleted_account_is_gone_with_all_that_hangs_on_it(store: Store) -> Proven {
    let id = registered_with(&store, 1, &all_rows(1)).await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    same!(store.account(id).await?, None, "a deleted account is not there");
    promise!(store.state(id).await?.is_none(), "a deleted account has no state");
    same!(store.accounts(None, 10).await?, [], "a deleted account is not listed");
    let by_email = store.account_by_login(&sample::login_by_email(1)).await?;
    same!(by_email, None, "a deleted account is not found by its address");
    let by_name = store.account_by_login(&sample::login_by_username(1)).await?;
    same!(by_name, None, "a deleted account is not found by its username");
    promise!(store.session(&sample::session_token(1)).await?.is_none(), "a session outlived its account");
    same!(store.sessions(id).await?, [], "sessions outlived their account");
    promise!(store.api_key(&sample::identifier(1)).await?.is_none(), "an API key outlived its account");
    same!(store.api_keys(id).await?, [], "API keys outlived their account");
    same!(store.ssh_keys(id).await?, [], "SSH keys outlived their account");
    let pending = store.account_by_pending_sign_in(&sample::pending_token(1)).await?;
    same!(pending, None, "a pending sign-in outlived its account");
    let token = store.account_by_mail_token(&sample::mail_token_digest(1)).await?;
    same!(token, None, "a mailed token outlived its account");
    Ok(())
}

pub(crate) async fn nothing_of_a_deleted_account_comes_back_with_its_names(store: Store) -> Proven {
    let id = registered_with(&store, 1, &all_rows(1)).await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    let again = registered(&store, 1).await?;
    let now = state(&store, again).await?;
    let bare = now.api_keys.is_empty()
        && now.ssh_keys.is_empty()
        && now.sessions.is_empty()
        && now.pending_sign_ins.is_empty()
        && now.mail_tokens.is_empty()
        && now.recovery_codes.is_empty()
        && now.two_factor.is_none()
        && now.pending_two_factor.is_none();
    promise!(bare, "an account registered under the names of a deleted one begins bare: {now:?}");
    Ok(())
}

pub(crate) async fn names_freed_by_deletion_serve_another_account(store: Store) -> Proven {
    let id = registered_with(&store, 1, &all_rows(1)).await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    let other = registered(&store, 2).await?;
    let answer = commit(&store, other, all_rows(1)).await;
    promise!(answer.is_ok(), "identifiers and tokens of a deleted account are free again: {answer:?}");
    Ok(())
}

pub(crate) async fn the_audit_trail_outlives_its_account(store: Store) -> Proven {
    let uid = sample::uid(1);
    let id = registered_with(&store, 1, &[Change::Record(sample::activity(1, uid))]).await?;
    let changes = vec![
        Change::Record(sample::activity(2, uid)),
        Change::DeleteAccount,
        Change::Record(sample::activity(3, uid)),
    ];
    commit(&store, id, changes).await?;
    same!(
        trail(&store, uid).await?.entries,
        [1, 2, 3].map(|n| sample::activity(n, uid)),
        "audit entries outlive the account, those of its deletion among them"
    );
    Ok(())
}

pub(crate) async fn queued_mail_goes_with_its_account(store: Store) -> Proven {
    let (uid, other) = (sample::uid(1), sample::uid(2));
    let id = registered_with(&store, 1, &[Change::Send(sample::mail(1, Some(uid)))]).await?;
    registered_with(&store, 2, &[Change::Send(sample::mail(2, Some(other)))]).await?;
    let changes = vec![Change::DeleteAccount, Change::Send(sample::mail(3, Some(uid)))];
    commit(&store, id, changes).await?;
    let left: Vec<_> = outbox(&store).await?.into_iter().map(|mail| mail.id).collect();
    same!(
        left,
        [2, 3].map(sample::mail_id),
        "a deleted account's mail goes, another's stays, and what is sent after the deletion is kept"
    );
    Ok(())
}

pub(crate) async fn after_its_deletion_an_account_cannot_be_changed(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let seen = state(&store, id).await?;
    let mut changes = vec![Change::DeleteAccount];
    changes.extend(all_rows(1));
    changes.push(Change::SetEmail { email: sample::email(9), verified_at: None });
    commit(&store, id, changes).await?;
    promise!(store.account(id).await?.is_none(), "changes after the deletion do not bring the account back");
    promise!(
        store.session(&sample::session_token(1)).await?.is_none(),
        "no session is opened on a deleted account"
    );
    let again = store.commit(&seen.commit(vec![Change::SetAdmin(true)])).await;
    stale(again, "a commit to a deleted account is stale")
}

pub(crate) async fn an_observation_brings_nothing_back(store: Store) -> Proven {
    let id = registered_with(&store, 1, &all_rows(1)).await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    let seen = [
        Observation::ApiKeyUsed {
            account: sample::uid(1),
            identifier: sample::identifier(1),
            at: sample::at(99),
        },
        Observation::SessionSeen {
            account: sample::uid(1),
            session: sample::session_id(1),
            at: sample::at(99),
            if_seen_since: sample::NOON,
        },
    ];
    store.observe(&seen).await?;
    promise!(
        store.session(&sample::session_token(1)).await?.is_none(),
        "an observation brought a session back"
    );
    promise!(
        store.api_key(&sample::identifier(1)).await?.is_none(),
        "an observation brought an API key back"
    );
    Ok(())
}
