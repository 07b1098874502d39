//! The recipe of the contract: the account's row first, then the changes in order. The transaction,
//! the sync and the answer are the writer's.

use account_core::id::{AccountId, AccountUid, Revision};
use account_core::store::{Change, Commit, StoreError};
use rusqlite::Connection;

use crate::failure::Failure;
use crate::{
    account, activity, api_key, mail, mail_token, pending_sign_in, recovery_code, session, ssh_key,
    two_factor,
};

/// All of the commit, if the account is as it was read.
pub(crate) fn commit(connection: &Connection, commit: &Commit) -> Result<Revision, Failure> {
    if !account::raise_revision(connection, commit.account, commit.uid, commit.expected)? {
        return Err(StoreError::Stale.into());
    }
    apply(connection, commit.account, commit.uid, &commit.changes)?;
    Ok(commit.expected.next())
}

/// The changes, in order. After a deletion there is no row to change, but still a trail and mail.
pub(crate) fn apply(
    connection: &Connection,
    id: AccountId,
    uid: AccountUid,
    changes: &[Change],
) -> Result<(), Failure> {
    let mut deleted = false;
    for change in changes {
        if !apply_beside_the_account(connection, uid, change)? && !deleted {
            apply_to_the_account(connection, id, uid, change)?;
        }
        deleted |= matches!(change, Change::DeleteAccount);
    }
    Ok(())
}

/// Trail and outbox refer to no account's row. Answers whether the change was one of theirs.
fn apply_beside_the_account(
    connection: &Connection,
    uid: AccountUid,
    change: &Change,
) -> Result<bool, Failure> {
    match change {
        Change::Record(entry) => activity::add(connection, entry)?,
        Change::Send(queued) => mail::add(connection, queued)?,
        Change::WithdrawMail(token) => mail::withdraw(connection, uid, token)?,
        Change::RemoveMail(name) => mail::remove(connection, uid, *name)?,
        _ => return Ok(false),
    }
    Ok(true)
}

fn apply_to_the_account(
    connection: &Connection,
    id: AccountId,
    uid: AccountUid,
    change: &Change,
) -> Result<(), Failure> {
    match change {
        Change::SetEmail { email, verified_at } => account::set_email(connection, id, email, *verified_at),
        Change::SetProfile { username, first_name, last_name, language } => account::set_profile(
            connection,
            id,
            username,
            (first_name.as_ref(), last_name.as_ref()),
            language,
        ),
        Change::SetAdmin(admin) => account::set_admin(connection, id, *admin),
        Change::SetDisabled(at) => account::set_disabled(connection, id, *at),
        Change::SetPassword(hash) => account::set_password(connection, id, hash),
        Change::SetPasswordEpoch(epoch) => account::set_password_epoch(connection, id, *epoch),
        Change::SetFactorEpoch(epoch) => account::set_factor_epoch(connection, id, *epoch),
        Change::SetPendingTwoFactor(pending) => two_factor::set_pending(connection, id, pending.as_ref()),
        Change::SetTwoFactor(factor) => two_factor::set(connection, id, factor.as_ref()),
        Change::SetTotpStep(step) => two_factor::set_step(connection, id, *step),
        Change::ReplaceRecoveryCodes(codes) => recovery_code::replace(connection, id, codes),
        Change::SpendRecoveryCode { set, position } => recovery_code::spend(connection, id, set, *position),
        Change::AddApiKey(key) => api_key::add(connection, id, key),
        Change::RemoveApiKey(identifier) => api_key::remove(connection, id, identifier),
        Change::SetApiKeyMac(identifier, mac) => api_key::set_mac(connection, id, identifier, mac),
        Change::AddSshKey(key) => ssh_key::add(connection, id, key),
        Change::RemoveSshKey(fingerprint) => ssh_key::remove(connection, id, fingerprint),
        Change::OpenSession(opened) => session::add(connection, id, opened),
        Change::EndSession(ended) => session::remove(connection, id, *ended),
        Change::EndSessionsExcept(kept) => session::remove_all_but(connection, id, *kept),
        Change::SetSessionMac(name, mac) => session::set_mac(connection, id, *name, mac),
        Change::OpenPendingSignIn(pending) => pending_sign_in::add(connection, id, pending),
        Change::SetPendingSignInTries(token, tries) => {
            pending_sign_in::set_tries(connection, id, token, *tries)
        }
        Change::EndPendingSignIn(token) => pending_sign_in::remove(connection, id, token),
        Change::EndPendingSignIns => pending_sign_in::remove_all(connection, id),
        Change::AddMailToken(token) => mail_token::add(connection, id, token),
        Change::RemoveMailToken(token) => mail_token::remove(connection, id, token),
        Change::RemoveMailTokens => mail_token::remove_all(connection, id),
        Change::DeleteAccount => {
            mail::remove_all(connection, uid)?;
            account::delete(connection, id)
        }
        // Applied beside the account.
        Change::Record(_) | Change::Send(_) | Change::WithdrawMail(_) | Change::RemoveMail(_) => Ok(()),
    }
}
