//! The account's own row, with its credentials, and the three indexes that make uid, address and
//! username unique. An index here is a table from the name to the number, written in the same
//! transaction as the row: what a constraint is elsewhere, is here `insert` finding somebody else.

use account_core::account::{Account, NewAccount};
use account_core::email::Email;
use account_core::id::{AccountId, AccountUid, FactorEpoch, PasswordEpoch, Revision};
use account_core::malformed::Malformed;
use account_core::password::PasswordHash;
use account_core::ports::keyring::Sealed;
use account_core::profile::{Language, Login, PersonName, Username};
use account_core::store::{AccountRepository, AccountState, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use account_core::two_factor::{PendingTwoFactor, TotpStep, TwoFactor};
use async_trait::async_trait;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::failure::{Failure, corrupt, malformed, taken};
use super::{RedbStore, hanging, numbers, recovery_code};

const ACCOUNTS: TableDefinition<'static, i64, &'static [u8]> = TableDefinition::new("account");
const BY_UID: TableDefinition<'static, &'static [u8; 16], i64> = TableDefinition::new("account_by_uid");
const BY_EMAIL: TableDefinition<'static, &'static str, i64> = TableDefinition::new("account_by_email");
const BY_USERNAME: TableDefinition<'static, &'static str, i64> = TableDefinition::new("account_by_username");

/// As it is written. A field that comes later is an `Option`, so that older rows can still be read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AccountRow {
    pub(super) uid: [u8; 16],
    pub(super) revision: i64,
    pub(super) password_epoch: i64,
    pub(super) factor_epoch: i64,
    username: String,
    email: String,
    email_canonical: String,
    email_verified_at: Option<i64>,
    first_name: Option<String>,
    last_name: Option<String>,
    language: String,
    pub(super) admin: bool,
    pub(super) disabled_at: Option<i64>,
    created_at: i64,
    pub(super) password: String,
    pub(super) two_factor: Option<TwoFactorRow>,
    pub(super) pending_two_factor: Option<PendingTwoFactorRow>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct TwoFactorRow {
    secret: Vec<u8>,
    pub(super) last_step: u64,
    enabled_at: i64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct PendingTwoFactorRow {
    secret: Vec<u8>,
    pub(super) made_at: i64,
}

impl From<&TwoFactor> for TwoFactorRow {
    fn from(factor: &TwoFactor) -> Self {
        let TwoFactor { secret, last_step, enabled_at } = factor;
        Self {
            secret: secret.as_bytes().to_vec(),
            last_step: last_step.0,
            enabled_at: enabled_at.as_millis(),
        }
    }
}

impl From<&PendingTwoFactor> for PendingTwoFactorRow {
    fn from(pending: &PendingTwoFactor) -> Self {
        Self { secret: pending.secret.as_bytes().to_vec(), made_at: pending.made_at.as_millis() }
    }
}

impl AccountRow {
    /// Rows come back through the core's checked constructors: what does not parse is corrupt.
    fn to_account(&self, id: AccountId) -> Result<Account, Malformed> {
        let name = |name: &Option<String>| name.clone().map(PersonName::from_stored).transpose();
        Ok(Account {
            id,
            uid: AccountUid::from_stored(&self.uid)?,
            revision: Revision(self.revision),
            password_epoch: PasswordEpoch(self.password_epoch),
            factor_epoch: FactorEpoch(self.factor_epoch),
            username: Username::from_stored(self.username.clone())?,
            email: Email::from_stored(self.email.clone(), self.email_canonical.clone())?,
            email_verified_at: self.email_verified_at.map(Timestamp::from_millis),
            first_name: name(&self.first_name)?,
            last_name: name(&self.last_name)?,
            language: Language::from_stored(self.language.clone())?,
            admin: self.admin,
            disabled_at: self.disabled_at.map(Timestamp::from_millis),
            two_factor: self.two_factor.is_some(),
            created_at: Timestamp::from_millis(self.created_at),
        })
    }

    fn factor(&self) -> Result<Option<TwoFactor>, Malformed> {
        let of = |row: &TwoFactorRow| {
            Ok(TwoFactor {
                secret: Sealed::from_stored(row.secret.clone())?,
                last_step: TotpStep(row.last_step),
                enabled_at: Timestamp::from_millis(row.enabled_at),
            })
        };
        self.two_factor.as_ref().map(of).transpose()
    }

    fn pending_factor(&self) -> Result<Option<PendingTwoFactor>, Malformed> {
        let of = |row: &PendingTwoFactorRow| {
            Ok(PendingTwoFactor {
                secret: Sealed::from_stored(row.secret.clone())?,
                made_at: Timestamp::from_millis(row.made_at),
            })
        };
        self.pending_two_factor.as_ref().map(of).transpose()
    }

    pub(super) fn set_profile(
        &mut self,
        (first_name, last_name): (Option<&PersonName>, Option<&PersonName>),
        language: &Language,
    ) {
        self.first_name = first_name.map(|name| name.as_str().to_owned());
        self.last_name = last_name.map(|name| name.as_str().to_owned());
        self.language = language.as_str().to_owned();
    }
}

pub(super) fn make_tables(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(ACCOUNTS)?;
    transaction.open_table(BY_UID)?;
    transaction.open_table(BY_EMAIL)?;
    transaction.open_table(BY_USERNAME)?;
    Ok(())
}

fn read(bytes: &[u8]) -> Result<AccountRow, Failure> {
    serde_json::from_slice(bytes).map_err(|cause| corrupt("account", cause))
}

/// The row, from a snapshot or within a transaction.
fn row_in(
    accounts: &impl ReadableTable<i64, &'static [u8]>,
    id: AccountId,
) -> Result<Option<AccountRow>, Failure> {
    accounts.get(id.0)?.map(|row| read(row.value())).transpose()
}

/// The row that a transaction is about to change.
pub(super) fn row(transaction: &WriteTransaction, id: AccountId) -> Result<Option<AccountRow>, Failure> {
    row_in(&transaction.open_table(ACCOUNTS)?, id)
}

/// Writes the row; its indexes are the affair of those who change a name.
pub(super) fn put(transaction: &WriteTransaction, id: AccountId, row: &AccountRow) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(row).map_err(|cause| corrupt("account", cause))?;
    transaction.open_table(ACCOUNTS)?.insert(id.0, bytes.as_slice())?;
    Ok(())
}

/// A new account's row and names; the number is the store's.
pub(super) fn add(
    transaction: &WriteTransaction,
    new: &NewAccount,
) -> Result<(AccountId, AccountRow), Failure> {
    let id = numbers::next_account(transaction)?;
    if transaction.open_table(BY_UID)?.insert(new.uid.as_bytes(), id)?.is_some() {
        return Err(taken(UniqueKey::Secret));
    }
    let mut row = AccountRow {
        uid: *new.uid.as_bytes(),
        revision: Revision::FIRST.0,
        password_epoch: PasswordEpoch::FIRST.0,
        factor_epoch: FactorEpoch::FIRST.0,
        username: String::new(),
        email: String::new(),
        email_canonical: String::new(),
        email_verified_at: None,
        first_name: None,
        last_name: None,
        language: String::new(),
        admin: new.admin,
        disabled_at: None,
        created_at: new.created_at.as_millis(),
        password: new.password.as_str().to_owned(),
        two_factor: None,
        pending_two_factor: None,
    };
    let id = AccountId(id);
    set_email(transaction, id, &mut row, &new.email, new.email_verified_at)?;
    set_username(transaction, id, &mut row, &new.username)?;
    row.set_profile((new.first_name.as_ref(), new.last_name.as_ref()), &new.language);
    Ok((id, row))
}

/// The old address is free, the new one this account's: or the whole transaction comes to nothing.
pub(super) fn set_email(
    transaction: &WriteTransaction,
    id: AccountId,
    row: &mut AccountRow,
    email: &Email,
    verified_at: Option<Timestamp>,
) -> Result<(), Failure> {
    let mut owners = transaction.open_table(BY_EMAIL)?;
    owners.remove(row.email_canonical.as_str())?;
    if owners.insert(email.canonical(), id.0)?.is_some() {
        return Err(taken(UniqueKey::Email));
    }
    row.email = email.as_str().to_owned();
    row.email_canonical = email.canonical().to_owned();
    row.email_verified_at = verified_at.map(Timestamp::as_millis);
    Ok(())
}

/// The same for the username.
pub(super) fn set_username(
    transaction: &WriteTransaction,
    id: AccountId,
    row: &mut AccountRow,
    username: &Username,
) -> Result<(), Failure> {
    let mut owners = transaction.open_table(BY_USERNAME)?;
    owners.remove(row.username.as_str())?;
    if owners.insert(username.as_str(), id.0)?.is_some() {
        return Err(taken(UniqueKey::Username));
    }
    row.username = username.as_str().to_owned();
    Ok(())
}

/// The row and its names; what hangs on it is taken away by `commit`.
pub(super) fn remove(transaction: &WriteTransaction, id: AccountId, row: &AccountRow) -> Result<(), Failure> {
    transaction.open_table(BY_UID)?.remove(&row.uid)?;
    transaction.open_table(BY_EMAIL)?.remove(row.email_canonical.as_str())?;
    transaction.open_table(BY_USERNAME)?.remove(row.username.as_str())?;
    transaction.open_table(ACCOUNTS)?.remove(id.0)?;
    Ok(())
}

/// Which account has a random name.
pub(super) fn by_uid(transaction: &WriteTransaction, uid: AccountUid) -> Result<Option<AccountId>, Failure> {
    Ok(transaction.open_table(BY_UID)?.get(uid.as_bytes())?.map(|id| AccountId(id.value())))
}

/// Forgets up to `limit` second factors that were never confirmed; raises no revision.
pub(super) fn sweep_pending_two_factor(
    transaction: &WriteTransaction,
    cut: Timestamp,
    limit: u32,
) -> Result<u64, Failure> {
    let mut expired = Vec::new();
    for entry in transaction.open_table(ACCOUNTS)?.iter()? {
        let (id, row) = entry?;
        // A row that cannot be read does not stop the sweep of the others.
        let Ok(row) = read(row.value()) else { continue };
        if row.pending_two_factor.as_ref().is_some_and(|pending| pending.made_at < cut.as_millis()) {
            expired.push((AccountId(id.value()), row));
        }
    }
    expired.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    for (id, row) in &mut expired {
        row.pending_two_factor = None;
        put(transaction, *id, row)?;
    }
    Ok(u64::try_from(expired.len()).unwrap_or(u64::MAX))
}

/// The account alone: what the hot paths read beside a key or a session.
pub(super) fn account(snapshot: &ReadTransaction, id: AccountId) -> Result<Option<Account>, Failure> {
    let row = row_in(&snapshot.open_table(ACCOUNTS)?, id)?;
    row.map(|row| row.to_account(id).map_err(malformed("account"))).transpose()
}

fn state(snapshot: &ReadTransaction, id: AccountId) -> Result<Option<AccountState>, Failure> {
    let Some(row) = row_in(&snapshot.open_table(ACCOUNTS)?, id)? else { return Ok(None) };
    let malformed = malformed("account");
    Ok(Some(AccountState {
        account: row.to_account(id).map_err(&malformed)?,
        password: PasswordHash::from_stored(row.password.clone()).map_err(&malformed)?,
        pending_two_factor: row.pending_factor().map_err(&malformed)?,
        two_factor: row.factor().map_err(&malformed)?,
        recovery_codes: recovery_code::of(snapshot, id)?,
        api_keys: hanging::of(snapshot, id)?,
        ssh_keys: hanging::of(snapshot, id)?,
        sessions: hanging::of(snapshot, id)?,
        pending_sign_ins: hanging::of(snapshot, id)?,
        mail_tokens: hanging::of(snapshot, id)?,
    }))
}

#[async_trait]
impl AccountRepository for RedbStore {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        self.ask(|snapshot| account(snapshot, id))
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        self.ask(|snapshot| {
            let owners = match login {
                Login::Email(_) => snapshot.open_table(BY_EMAIL)?,
                Login::Username(_) => snapshot.open_table(BY_USERNAME)?,
            };
            Ok(owners.get(login.key())?.map(|id| AccountId(id.value())))
        })
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        let from = after.map_or(i64::MIN, |after| after.0.saturating_add(1));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.ask(|snapshot| {
            let accounts = snapshot.open_table(ACCOUNTS)?;
            let page = accounts.range(from..)?.take(limit).map(|entry| {
                let (id, row) = entry?;
                read(row.value())?.to_account(AccountId(id.value())).map_err(malformed("account"))
            });
            page.collect()
        })
    }

    /// One snapshot for all tables: keys of today never meet an account of yesterday.
    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        self.ask(|snapshot| state(snapshot, id))
    }
}
