//! The one recipe of the contract: read the account's row, compare uid and revision, apply the changes
//! in order, raise the revision, commit, answer. redb's write transactions are serializable, so reading
//! the row is as good as locking it; where they are not, the guard is an `UPDATE … WHERE revision = …`
//! that comes before all else.

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::api_key::StoredApiKey;
use account_core::id::{AccountId, AccountUid, Revision};
use account_core::mail::MailToken;
use account_core::session::StoredSession;
use account_core::sign_in::PendingSignIn;
use account_core::ssh_key::SshKey;
use account_core::store::{AccountStore, Change, Commit, Expired, Observation, StoreError, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::WriteTransaction;

use super::account::{self, AccountRow};
use super::failure::Failure;
use super::{RedbStore, activity, api_key, hanging, mail, numbers, recovery_code, session, ssh_key, upkeep};

/// An account in the middle of its changes.
struct Changing<'a> {
    transaction: &'a WriteTransaction,
    id: AccountId,
    uid: AccountUid,
    /// `None` once the account is deleted.
    row: Option<AccountRow>,
}

fn register(
    transaction: &WriteTransaction,
    new: &NewAccount,
    changes: &[Change],
) -> Result<AccountId, Failure> {
    let (id, row) = account::add(transaction, new)?;
    apply_all(Changing { transaction, id, uid: new.uid, row: Some(row) }, changes)?;
    Ok(id)
}

fn commit(transaction: &WriteTransaction, commit: &Commit) -> Result<Revision, Failure> {
    let as_read = |row: &AccountRow| row.uid == *commit.uid.as_bytes() && row.revision == commit.expected.0;
    let row = account::row(transaction, commit.account)?.filter(as_read);
    let Some(mut row) = row else { return Err(Failure::Verdict(StoreError::Stale)) };
    let raised = commit.expected.next();
    row.revision = raised.0;
    let changing = Changing { transaction, id: commit.account, uid: commit.uid, row: Some(row) };
    apply_all(changing, &commit.changes)?;
    Ok(raised)
}

/// The row is changed in memory and written once, after the last change; its names move at once.
fn apply_all(mut changing: Changing<'_>, changes: &[Change]) -> Result<(), Failure> {
    changes.iter().try_for_each(|change| changing.apply(change))?;
    match &changing.row {
        Some(row) => account::put(changing.transaction, changing.id, row),
        None => Ok(()),
    }
}

impl Changing<'_> {
    /// Trail and outbox hang on no account's row; all else is nothing once the account is deleted.
    fn apply(&mut self, change: &Change) -> Result<(), Failure> {
        let (transaction, uid) = (self.transaction, self.uid);
        match change {
            Change::Record(entry) => activity::add(transaction, entry),
            Change::Send(mail) => mail::add(transaction, mail),
            Change::WithdrawMail(token) => mail::withdraw(transaction, uid, token),
            Change::RemoveMail(id) => mail::remove(transaction, uid, *id),
            _ if self.row.is_none() => Ok(()),
            Change::DeleteAccount => self.delete(),
            change => self.apply_to_the_row(change),
        }
    }

    fn apply_to_the_row(&mut self, change: &Change) -> Result<(), Failure> {
        let (transaction, id) = (self.transaction, self.id);
        let Some(row) = &mut self.row else { return Ok(()) };
        match change {
            Change::SetEmail { email, verified_at } => {
                account::set_email(transaction, id, row, email, *verified_at)?;
            }
            Change::SetProfile { username, first_name, last_name, language } => {
                account::set_username(transaction, id, row, username)?;
                row.set_profile((first_name.as_ref(), last_name.as_ref()), language);
            }
            Change::SetAdmin(admin) => row.admin = *admin,
            Change::SetDisabled(at) => row.disabled_at = at.map(Timestamp::as_millis),
            Change::SetPassword(hash) => row.password = hash.as_str().to_owned(),
            Change::SetPasswordEpoch(epoch) => row.password_epoch = epoch.0,
            Change::SetFactorEpoch(epoch) => row.factor_epoch = epoch.0,
            Change::SetPendingTwoFactor(pending) => {
                row.pending_two_factor = pending.as_ref().map(Into::into);
            }
            Change::SetTwoFactor(factor) => row.two_factor = factor.as_ref().map(Into::into),
            Change::SetTotpStep(step) => {
                if let Some(factor) = &mut row.two_factor {
                    factor.last_step = step.0;
                }
            }
            change => return self.apply_to_what_hangs_on_it(change),
        }
        Ok(())
    }

    fn apply_to_what_hangs_on_it(&self, change: &Change) -> Result<(), Failure> {
        let (transaction, id) = (self.transaction, self.id);
        match change {
            Change::ReplaceRecoveryCodes(codes) => recovery_code::replace(transaction, id, codes),
            Change::SpendRecoveryCode { set, position } => {
                recovery_code::spend(transaction, id, set, *position)
            }
            Change::AddApiKey(key) => hanging::add(transaction, id, key),
            Change::RemoveApiKey(key) => {
                hanging::remove::<StoredApiKey>(transaction, id, &api_key::name(key))
            }
            Change::SetApiKeyMac(key, mac) => {
                hanging::change::<StoredApiKey>(transaction, id, &api_key::name(key), |key| {
                    key.mac = mac.clone();
                })
            }
            Change::AddSshKey(key) => hanging::add(transaction, id, key),
            Change::RemoveSshKey(key) => hanging::remove::<SshKey>(transaction, id, &ssh_key::name(id, *key)),
            Change::OpenSession(opened) => hanging::add(transaction, id, opened),
            Change::EndSession(ended) => {
                hanging::remove::<StoredSession>(transaction, id, &session::name(*ended))
            }
            Change::EndSessionsExcept(kept) => {
                let kept = kept.map(session::name);
                hanging::remove_all_but::<StoredSession>(transaction, id, kept.as_deref())
            }
            Change::SetSessionMac(named, mac) => {
                hanging::change::<StoredSession>(transaction, id, &session::name(*named), |session| {
                    session.mac = mac.clone();
                })
            }
            change => self.apply_to_tokens(change),
        }
    }

    /// The last part names every change that is left: a new kind does not compile until it has a place.
    fn apply_to_tokens(&self, change: &Change) -> Result<(), Failure> {
        let (transaction, id) = (self.transaction, self.id);
        match change {
            Change::OpenPendingSignIn(pending) => hanging::add(transaction, id, pending),
            Change::SetPendingSignInTries(token, tries) => {
                hanging::change::<PendingSignIn>(transaction, id, token.as_bytes(), |pending| {
                    pending.tries = *tries;
                })
            }
            Change::EndPendingSignIn(token) => {
                hanging::remove::<PendingSignIn>(transaction, id, token.as_bytes())
            }
            Change::EndPendingSignIns => hanging::remove_all_but::<PendingSignIn>(transaction, id, None),
            Change::AddMailToken(token) => hanging::add(transaction, id, token),
            Change::RemoveMailToken(token) => hanging::remove::<MailToken>(transaction, id, token.as_bytes()),
            Change::RemoveMailTokens => hanging::remove_all_but::<MailToken>(transaction, id, None),
            // Seen to above.
            Change::SetEmail { .. }
            | Change::SetProfile { .. }
            | Change::SetAdmin(_)
            | Change::SetDisabled(_)
            | Change::SetPassword(_)
            | Change::SetPasswordEpoch(_)
            | Change::SetFactorEpoch(_)
            | Change::SetPendingTwoFactor(_)
            | Change::SetTwoFactor(_)
            | Change::SetTotpStep(_)
            | Change::ReplaceRecoveryCodes(_)
            | Change::SpendRecoveryCode { .. }
            | Change::AddApiKey(_)
            | Change::RemoveApiKey(_)
            | Change::SetApiKeyMac(..)
            | Change::AddSshKey(_)
            | Change::RemoveSshKey(_)
            | Change::OpenSession(_)
            | Change::EndSession(_)
            | Change::EndSessionsExcept(_)
            | Change::SetSessionMac(..)
            | Change::Record(_)
            | Change::Send(_)
            | Change::WithdrawMail(_)
            | Change::RemoveMail(_)
            | Change::DeleteAccount => Ok(()),
        }
    }

    /// There is no foreign key to do it: all that hangs on the account goes by hand. The trail stays.
    fn delete(&mut self) -> Result<(), Failure> {
        let (transaction, id) = (self.transaction, self.id);
        let Some(row) = self.row.take() else { return Ok(()) };
        account::remove(transaction, id, &row)?;
        hanging::remove_all_but::<StoredApiKey>(transaction, id, None)?;
        hanging::remove_all_but::<SshKey>(transaction, id, None)?;
        hanging::remove_all_but::<StoredSession>(transaction, id, None)?;
        hanging::remove_all_but::<PendingSignIn>(transaction, id, None)?;
        hanging::remove_all_but::<MailToken>(transaction, id, None)?;
        recovery_code::replace(transaction, id, &[])?;
        mail::remove_all_of(transaction, self.uid)
    }
}

#[async_trait]
impl AccountStore for RedbStore {
    async fn register(&self, account: &NewAccount, changes: &[Change]) -> StoreResult<AccountId> {
        let (account, changes) = (account.clone(), changes.to_vec());
        self.write(move |transaction| register(transaction, &account, &changes)).await
    }

    async fn commit(&self, wanted: &Commit) -> StoreResult<Revision> {
        let wanted = wanted.clone();
        self.write(move |transaction| commit(transaction, &wanted)).await
    }

    async fn record(&self, entries: &[Activity]) -> StoreResult<()> {
        let entries = entries.to_vec();
        self.write(move |transaction| {
            entries.iter().try_for_each(|entry| activity::add_unless_there(transaction, entry))
        })
        .await
    }

    async fn observe(&self, seen: &[Observation]) -> StoreResult<()> {
        let seen = seen.to_vec();
        self.write(move |transaction| upkeep::observe(transaction, &seen)).await
    }

    async fn purge(&self, expired: &Expired, limit: u32) -> StoreResult<u64> {
        let expired = *expired;
        self.write(move |transaction| upkeep::purge(transaction, &expired, limit)).await
    }

    async fn ready(&self) -> StoreResult<()> {
        self.write(numbers::count_readiness).await
    }
}
