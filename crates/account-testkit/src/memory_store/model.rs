//! What is stored, as a value, and the two writes that are all or nothing.

use std::collections::{BTreeMap, BTreeSet};

use account_core::account::NewAccount;
use account_core::activity::Activity;
use account_core::id::{AccountId, AccountUid, Revision};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::KeyName;
use account_core::store::{AccountState, Change, Commit, StoreError, UniqueKey};

use super::budgets::Budgets;
use super::names::{Name, Names};
use super::outbox::Outbox;
use super::row::{self, Writing};
use super::trail::Trail;

/// All that a store holds. Two stores that were told the same hold the same; a clone is a snapshot.
///
/// ```
/// use account_core::store::{Change, Commit};
/// use account_testkit::{Model, Refusal, sample};
///
/// let mut model = Model::default();
/// let id = model.register(&sample::new_account(1), &[])?;
/// let seen = model.state(id).unwrap();
/// model.commit(&seen.commit(vec![Change::SetAdmin(true)]))?;
/// assert_eq!(model.commit(&seen.commit(vec![Change::SetAdmin(false)])), Err(Refusal::Stale));
/// # Ok::<(), Refusal>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    pub(crate) accounts: BTreeMap<AccountId, AccountState>,
    pub(crate) names: Names,
    pub(crate) trail: Trail,
    pub(crate) outbox: Outbox,
    pub(crate) key_checks: BTreeMap<KeyName, [u8; 16]>,
    pub(super) budgets: Budgets,
    pub(crate) last_number: i64,
}

/// Why nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The account is gone, or not as it was read.
    Stale,
    /// All that is taken; a store reports one of them.
    Taken(BTreeSet<UniqueKey>),
}

impl From<Refusal> for StoreError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Stale => Self::Stale,
            Refusal::Taken(keys) => Self::Taken(keys.first().copied().unwrap_or(UniqueKey::Secret)),
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stale => f.write_str("stale"),
            Self::Taken(keys) => write!(f, "taken: {keys:?}"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What a list of changes makes of an account and of what stands beside it.
struct Written {
    /// `None` once the account is deleted.
    row: Option<AccountState>,
    outbox: Outbox,
    entries: Vec<Activity>,
}

/// A new kind of change does not compile until it is told where it belongs.
fn apply(writing: &mut Writing<'_>, change: &Change) {
    match change {
        Change::SetEmail { .. }
        | Change::SetProfile { .. }
        | Change::SetAdmin(_)
        | Change::SetDisabled(_)
        | Change::SetPassword(_)
        | Change::SetPasswordEpoch(_)
        | Change::SetFactorEpoch(_) => writing.apply_to_the_account(change),
        Change::SetPendingTwoFactor(_)
        | Change::SetTwoFactor(_)
        | Change::SetTotpStep(_)
        | Change::ReplaceRecoveryCodes(_)
        | Change::SpendRecoveryCode { .. } => writing.apply_to_the_second_factor(change),
        Change::AddApiKey(_)
        | Change::RemoveApiKey(_)
        | Change::SetApiKeyMac(..)
        | Change::AddSshKey(_)
        | Change::RemoveSshKey(_) => writing.apply_to_keys(change),
        Change::OpenSession(_)
        | Change::EndSession(_)
        | Change::EndSessionsExcept(_)
        | Change::SetSessionMac(..)
        | Change::OpenPendingSignIn(_)
        | Change::SetPendingSignInTries(..)
        | Change::EndPendingSignIn(_)
        | Change::EndPendingSignIns => writing.apply_to_sessions(change),
        Change::AddMailToken(_) | Change::RemoveMailToken(_) | Change::RemoveMailTokens => {
            writing.apply_to_mail_tokens(change);
        }
        // These are not the account's own rows; `write` saw to them.
        Change::Record(_)
        | Change::Send(_)
        | Change::WithdrawMail(_)
        | Change::RemoveMail(_)
        | Change::DeleteAccount => {}
    }
}

impl Model {
    /// Makes an account and applies the changes to it, or does nothing.
    ///
    /// # Errors
    /// [`Refusal::Taken`].
    pub fn register(&mut self, new: &NewAccount, changes: &[Change]) -> Result<AccountId, Refusal> {
        let id = AccountId(self.last_number.saturating_add(1));
        let mut writing = Writing::new(row::registered(id, new), &self.names);
        writing.claim(Name::Uid(new.uid), false);
        writing.claim_email(&new.email);
        writing.claim_username(&new.username);
        let written = self.write(writing, changes)?;
        self.last_number = id.0;
        self.put(id, written);
        Ok(id)
    }

    /// Applies every change and raises the revision by one, or does nothing.
    ///
    /// # Errors
    /// [`Refusal::Stale`], [`Refusal::Taken`].
    pub fn commit(&mut self, commit: &Commit) -> Result<Revision, Refusal> {
        let as_read =
            |row: &&AccountState| row.account.uid == commit.uid && row.account.revision == commit.expected;
        let mut row = self.accounts.get(&commit.account).filter(as_read).ok_or(Refusal::Stale)?.clone();
        row.account.revision = row.account.revision.next();
        let revision = row.account.revision;
        let written = self.write(Writing::new(row, &self.names), &commit.changes)?;
        self.put(commit.account, written);
        Ok(revision)
    }

    /// Works on copies: what is refused half-way leaves nothing behind.
    fn write(&self, mut writing: Writing<'_>, changes: &[Change]) -> Result<Written, Refusal> {
        let uid = writing.row.account.uid;
        let (mut outbox, mut entries) = (self.outbox.clone(), Vec::new());
        let mut deleted = false;
        for change in changes {
            match change {
                Change::Record(_) | Change::Send(_) | Change::WithdrawMail(_) | Change::RemoveMail(_) => {
                    self.apply_beside(change, uid, &mut outbox, &mut entries, &mut writing.taken);
                }
                // A change that names a row that is not there changes nothing.
                _ if deleted => {}
                Change::DeleteAccount => {
                    deleted = true;
                    outbox.remove_all_of(uid);
                }
                change => apply(&mut writing, change),
            }
        }
        if writing.taken.is_empty() {
            Ok(Written { row: (!deleted).then_some(writing.row), outbox, entries })
        } else {
            Err(Refusal::Taken(writing.taken))
        }
    }

    /// Trail and outbox hang on no account's row.
    fn apply_beside(
        &self,
        change: &Change,
        uid: AccountUid,
        outbox: &mut Outbox,
        entries: &mut Vec<Activity>,
        taken: &mut BTreeSet<UniqueKey>,
    ) {
        match change {
            Change::Record(entry) => {
                if self.trail.has(entry.id) || entries.iter().any(|other| other.id == entry.id) {
                    taken.insert(UniqueKey::Secret);
                }
                entries.push(entry.clone());
            }
            Change::Send(mail) => {
                if outbox.has(mail.id) {
                    taken.insert(UniqueKey::Secret);
                }
                outbox.add(mail);
            }
            Change::WithdrawMail(token) => outbox.withdraw_token(uid, *token),
            Change::RemoveMail(id) => outbox.withdraw(uid, |mail| mail.id == *id),
            _ => {}
        }
    }

    fn put(&mut self, id: AccountId, written: Written) {
        let Written { row, outbox, entries } = written;
        self.outbox = outbox;
        entries.iter().for_each(|entry| self.trail.add(entry));
        self.names.replace(self.accounts.get(&id), row.as_ref());
        match row {
            Some(row) => self.accounts.insert(id, row),
            None => self.accounts.remove(&id),
        };
    }

    /// Adds audit entries outside of a commit; one whose name is there already is passed over.
    pub fn record(&mut self, entries: &[Activity]) {
        entries.iter().for_each(|entry| self.trail.add(entry));
    }

    /// Puts a mail into the outbox outside of a commit.
    ///
    /// # Errors
    /// [`Refusal::Taken`] if its name is there already.
    pub fn queue_mail(&mut self, mail: &QueuedMail) -> Result<(), Refusal> {
        if self.outbox.has(mail.id) {
            return Err(Refusal::Taken([UniqueKey::Secret].into()));
        }
        self.outbox.add(mail);
        Ok(())
    }
}
