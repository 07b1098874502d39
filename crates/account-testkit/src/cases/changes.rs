//! What the changes of a commit do, and what they leave alone: in order, on one account, each by itself.

use account_core::id::{FactorEpoch, PasswordEpoch};
use account_core::store::Change;

use super::given::{commit, registered, registered_with, state, try_commit, unchanged};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same};
use crate::sample;

pub(crate) async fn changes_are_applied_in_order(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let changes = vec![
        Change::SetAdmin(true),
        Change::AddApiKey(sample::api_key(1)),
        Change::AddApiKey(sample::api_key(2)),
        Change::RemoveApiKey(sample::identifier(1)),
        Change::OpenSession(sample::session(1)),
        Change::EndSessionsExcept(None),
        Change::OpenSession(sample::session(2)),
        Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 3)),
        Change::SpendRecoveryCode { set: sample::recovery_set(1), position: 1 },
        Change::SetTwoFactor(Some(sample::two_factor(1))),
        Change::SetTotpStep(account_core::two_factor::TotpStep(99)),
        Change::SetAdmin(false),
    ];
    commit(&store, id, changes).await?;
    let now = state(&store, id).await?;
    promise!(!now.account.admin, "of two changes to one field, the later stands");
    same!(now.api_keys, [sample::api_key(2)], "a key that is added and then removed is gone");
    same!(now.sessions, [sample::session(2)], "a session opened after all were ended stays");
    let left: Vec<u8> = now.recovery_codes.iter().map(|code| code.position).collect();
    same!(left, [0, 2], "a code that is spent after the codes were replaced is gone");
    let step = now.two_factor.map(|factor| factor.last_step.0);
    same!(step, Some(99), "a step that is set after the factor was turned on stands");
    Ok(())
}

pub(crate) async fn what_is_removed_can_be_added_in_one_commit(store: Store) -> Proven {
    let first = [
        Change::AddApiKey(sample::api_key(1)),
        Change::OpenSession(sample::session(1)),
        Change::AddSshKey(sample::ssh_key(1)),
        Change::AddMailToken(sample::mail_token(1)),
        Change::OpenPendingSignIn(sample::pending_sign_in(1)),
    ];
    let id = registered_with(&store, 1, &first).await?;
    let changes = vec![
        Change::RemoveApiKey(sample::identifier(1)),
        Change::AddApiKey(sample::api_key(1)),
        Change::EndSession(sample::session_id(1)),
        Change::OpenSession(sample::session(1)),
        Change::RemoveSshKey(sample::ssh_key(1).fingerprint()),
        Change::AddSshKey(sample::ssh_key(1)),
        Change::RemoveMailTokens,
        Change::AddMailToken(sample::mail_token(1)),
        Change::EndPendingSignIns,
        Change::OpenPendingSignIn(sample::pending_sign_in(1)),
    ];
    let answer = try_commit(&store, id, changes).await?;
    promise!(
        answer.is_ok(),
        "what one change takes away, a later change of the same commit may add: {answer:?}"
    );
    let now = state(&store, id).await?;
    same!(
        (
            now.api_keys.len(),
            now.sessions.len(),
            now.ssh_keys.len(),
            now.mail_tokens.len(),
            now.pending_sign_ins.len()
        ),
        (1, 1, 1, 1, 1),
        "what was taken away and added again is there once"
    );
    Ok(())
}

pub(crate) async fn no_change_implies_another(store: Store) -> Proven {
    let first = [
        Change::OpenSession(sample::session(1)),
        Change::OpenPendingSignIn(sample::pending_sign_in(1)),
        Change::AddMailToken(sample::mail_token(1)),
        Change::AddApiKey(sample::api_key(1)),
        Change::SetPendingTwoFactor(Some(sample::pending_two_factor(1))),
        Change::SetTwoFactor(Some(sample::two_factor(1))),
        Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 2)),
    ];
    let id = registered_with(&store, 1, &first).await?;
    let mut expected = state(&store, id).await?;
    let changes = vec![
        Change::SetPassword(sample::password(9)),
        Change::SetEmail { email: sample::email(9), verified_at: None },
        Change::SetDisabled(Some(sample::at(1))),
        Change::SetTwoFactor(None),
    ];
    commit(&store, id, changes).await?;
    expected.password = sample::password(9);
    expected.account.email = sample::email(9);
    expected.account.email_verified_at = None;
    expected.account.disabled_at = Some(sample::at(1));
    expected.account.two_factor = false;
    expected.two_factor = None;
    expected.account.revision = expected.account.revision.next();
    unchanged(
        &store,
        &expected,
        "no change implies another: a new password, address or factor ends nothing and raises no epoch by itself",
    )
    .await
}

pub(crate) async fn a_password_change_ends_sessions_in_the_same_commit(store: Store) -> Proven {
    let sessions = [1, 2, 3].map(|n| Change::OpenSession(sample::session(n)));
    let id = registered_with(&store, 1, &sessions).await?;
    let changes = vec![
        Change::SetPassword(sample::password(9)),
        Change::SetPasswordEpoch(PasswordEpoch(2)),
        Change::EndSessionsExcept(Some(sample::session_id(2))),
    ];
    commit(&store, id, changes).await?;
    for n in [1, 3] {
        let found = store.session(&sample::session_token(n)).await?;
        promise!(
            found.is_none(),
            "a session survived the password change that ended it: whoever stole it is still inside"
        );
    }
    let kept = store.session(&sample::session_token(2)).await?;
    promise!(kept.is_some(), "the session that was to be kept is gone");
    same!(
        kept.map(|(_, account)| account.password_epoch),
        Some(PasswordEpoch(2)),
        "the session comes with the account's new epoch"
    );
    Ok(())
}

pub(crate) async fn a_commit_changes_no_other_account(store: Store) -> Proven {
    let rows = |n: u64| {
        [
            Change::AddApiKey(sample::api_key(n)),
            Change::AddSshKey(sample::ssh_key(7)),
            Change::OpenSession(sample::session(n)),
            Change::OpenPendingSignIn(sample::pending_sign_in(n)),
            Change::AddMailToken(sample::mail_token(n)),
            Change::SetPendingTwoFactor(Some(sample::pending_two_factor(n))),
            Change::SetTwoFactor(Some(sample::two_factor(n))),
            Change::ReplaceRecoveryCodes(sample::recovery_codes(n, 3)),
        ]
    };
    let other = registered_with(&store, 1, &rows(1)).await?;
    let id = registered_with(&store, 2, &rows(2)).await?;
    let before = state(&store, other).await?;
    let sweeping = vec![
        Change::SetPassword(sample::password(8)),
        Change::SetPasswordEpoch(PasswordEpoch(5)),
        Change::SetFactorEpoch(FactorEpoch(5)),
        Change::SetAdmin(true),
        Change::SetDisabled(Some(sample::at(1))),
        Change::SetTwoFactor(None),
        Change::SetPendingTwoFactor(None),
        Change::ReplaceRecoveryCodes(Vec::new()),
        Change::RemoveSshKey(sample::ssh_key(7).fingerprint()),
        Change::EndSessionsExcept(None),
        Change::EndPendingSignIns,
        Change::RemoveMailTokens,
    ];
    commit(&store, id, sweeping).await?;
    unchanged(&store, &before, "a commit to one account must not touch another").await?;
    commit(&store, id, vec![Change::DeleteAccount]).await?;
    unchanged(&store, &before, "deleting one account must not touch another").await
}

pub(crate) async fn rows_of_another_account_cannot_be_named(store: Store) -> Proven {
    let theirs = [
        Change::AddApiKey(sample::api_key(1)),
        Change::OpenSession(sample::session(1)),
        Change::OpenPendingSignIn(sample::pending_sign_in(1)),
        Change::AddMailToken(sample::mail_token(1)),
        Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 2)),
    ];
    let other = registered_with(&store, 1, &theirs).await?;
    let before = state(&store, other).await?;
    let id = registered(&store, 2).await?;
    for change in [
        Change::RemoveApiKey(sample::identifier(1)),
        Change::SetApiKeyMac(sample::identifier(1), sample::mac(9)),
        Change::EndSession(sample::session_id(1)),
        Change::SetSessionMac(sample::session_id(1), sample::mac(9)),
        Change::SetPendingSignInTries(sample::pending_token(1), 3),
        Change::EndPendingSignIn(sample::pending_token(1)),
        Change::RemoveMailToken(sample::mail_token_digest(1)),
        Change::SpendRecoveryCode { set: sample::recovery_set(1), position: 0 },
    ] {
        let words = format!("a commit reached a row of another account, by its name: {change:?}");
        commit(&store, id, vec![change]).await?;
        unchanged(&store, &before, &words).await?;
    }
    Ok(())
}

pub(crate) async fn a_change_of_what_is_not_there_changes_nothing(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let mut expected = state(&store, id).await?;
    let nothing = vec![
        Change::RemoveApiKey(sample::identifier(9)),
        Change::SetApiKeyMac(sample::identifier(9), sample::mac(9)),
        Change::RemoveSshKey(sample::ssh_key(9).fingerprint()),
        Change::EndSession(sample::session_id(9)),
        Change::EndSessionsExcept(Some(sample::session_id(9))),
        Change::SetSessionMac(sample::session_id(9), sample::mac(9)),
        Change::SetPendingSignInTries(sample::pending_token(9), 1),
        Change::EndPendingSignIn(sample::pending_token(9)),
        Change::RemoveMailToken(sample::mail_token_digest(9)),
        Change::SpendRecoveryCode { set: sample::recovery_set(9), position: 1 },
        Change::SetTotpStep(account_core::two_factor::TotpStep(9)),
        Change::WithdrawMail(sample::mail_token_digest(9)),
        Change::RemoveMail(sample::mail_id(9)),
    ];
    let answer = try_commit(&store, id, nothing).await?;
    promise!(answer.is_ok(), "a change that names a row that is not there is no error: {answer:?}");
    expected.account.revision = expected.account.revision.next();
    unchanged(&store, &expected, "a change that names a row that is not there changes nothing").await
}
