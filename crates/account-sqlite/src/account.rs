//! The account's row: read without its credentials, made by registration, changed part by part.

use account_core::account::{Account, NewAccount};
use account_core::email::Email;
use account_core::id::{AccountId, AccountUid, FactorEpoch, PasswordEpoch, Revision};
use account_core::password::PasswordHash;
use account_core::profile::{Language, Login, PersonName, Username};
use account_core::store::{AccountRepository, AccountState, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::account_state;
use crate::cells::{self, Cells};
use crate::failure::Failure;
use crate::store::SqliteStore;

statements! {
    BY_ID = concat!("SELECT ", account_columns!(), " FROM account WHERE id = ?1");
    BY_EMAIL = "SELECT id FROM account WHERE email_canonical = ?1";
    BY_USERNAME = "SELECT id FROM account WHERE username = ?1";
    PAGE = concat!("SELECT ", account_columns!(), " FROM account WHERE id > ?1 ORDER BY id LIMIT ?2");
    ADD = "INSERT INTO account (uid, revision, password_epoch, factor_epoch, username, email, email_canonical,
                                email_verified_at, first_name, last_name, language, admin, password, created_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    RAISE_REVISION = "UPDATE account SET revision = revision + 1 WHERE id = ?1 AND uid = ?2 AND revision = ?3";
    SET_EMAIL = "UPDATE account SET email = ?2, email_canonical = ?3, email_verified_at = ?4 WHERE id = ?1";
    SET_PROFILE =
        "UPDATE account SET username = ?2, first_name = ?3, last_name = ?4, language = ?5 WHERE id = ?1";
    SET_ADMIN = "UPDATE account SET admin = ?2 WHERE id = ?1";
    SET_DISABLED = "UPDATE account SET disabled_at = ?2 WHERE id = ?1";
    SET_PASSWORD = "UPDATE account SET password = ?2 WHERE id = ?1";
    SET_PASSWORD_EPOCH = "UPDATE account SET password_epoch = ?2 WHERE id = ?1";
    SET_FACTOR_EPOCH = "UPDATE account SET factor_epoch = ?2 WHERE id = ?1";
    DELETE = "DELETE FROM account WHERE id = ?1";
}

/// The account in the columns of `account_columns!`.
pub(crate) fn read(cells: &mut Cells<'_, '_>) -> Result<Account, Failure> {
    Ok(Account {
        id: AccountId(cells.integer()?),
        uid: cells.blob(AccountUid::from_stored)?,
        revision: Revision(cells.integer()?),
        password_epoch: PasswordEpoch(cells.integer()?),
        factor_epoch: FactorEpoch(cells.integer()?),
        username: cells.owned_text(Username::from_stored)?,
        email: read_email(cells)?,
        email_verified_at: cells.time_if_any()?,
        first_name: cells.owned_text_if_any(PersonName::from_stored)?,
        last_name: cells.owned_text_if_any(PersonName::from_stored)?,
        language: cells.owned_text(Language::from_stored)?,
        admin: cells.flag()?,
        disabled_at: cells.time_if_any()?,
        created_at: cells.time()?,
        two_factor: cells.time_if_any()?.is_some(),
    })
}

fn read_email(cells: &mut Cells<'_, '_>) -> Result<Email, Failure> {
    let typed = cells.owned_text(Ok)?;
    cells.owned_text(|canonical| Email::from_stored(typed, canonical))
}

/// A new row; the number is the store's.
pub(crate) fn add(connection: &Connection, new: &NewAccount) -> Result<AccountId, Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        new.uid.as_bytes(),
        Revision::FIRST.0,
        PasswordEpoch::FIRST.0,
        FactorEpoch::FIRST.0,
        new.username.as_str(),
        new.email.as_str(),
        new.email.canonical(),
        new.email_verified_at.map(Timestamp::as_millis),
        new.first_name.as_ref().map(PersonName::as_str),
        new.last_name.as_ref().map(PersonName::as_str),
        new.language.as_str(),
        new.admin,
        new.password.as_str(),
        new.created_at.as_millis(),
    ])?;
    Ok(AccountId(connection.last_insert_rowid()))
}

/// Whether the account was as expected; its revision is then one higher.
pub(crate) fn raise_revision(
    connection: &Connection,
    id: AccountId,
    uid: AccountUid,
    expected: Revision,
) -> Result<bool, Failure> {
    let raised =
        connection.prepare_cached(RAISE_REVISION)?.execute(params![id.0, uid.as_bytes(), expected.0])?;
    Ok(raised == 1)
}

pub(crate) fn set_email(
    connection: &Connection,
    id: AccountId,
    email: &Email,
    verified_at: Option<Timestamp>,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_EMAIL)?.execute(params![
        id.0,
        email.as_str(),
        email.canonical(),
        verified_at.map(Timestamp::as_millis)
    ])?;
    Ok(())
}

pub(crate) fn set_profile(
    connection: &Connection,
    id: AccountId,
    username: &Username,
    (first_name, last_name): (Option<&PersonName>, Option<&PersonName>),
    language: &Language,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_PROFILE)?.execute(params![
        id.0,
        username.as_str(),
        first_name.map(PersonName::as_str),
        last_name.map(PersonName::as_str),
        language.as_str()
    ])?;
    Ok(())
}

pub(crate) fn set_admin(connection: &Connection, id: AccountId, admin: bool) -> Result<(), Failure> {
    connection.prepare_cached(SET_ADMIN)?.execute(params![id.0, admin])?;
    Ok(())
}

pub(crate) fn set_disabled(
    connection: &Connection,
    id: AccountId,
    at: Option<Timestamp>,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_DISABLED)?.execute(params![id.0, at.map(Timestamp::as_millis)])?;
    Ok(())
}

pub(crate) fn set_password(
    connection: &Connection,
    id: AccountId,
    hash: &PasswordHash,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_PASSWORD)?.execute(params![id.0, hash.as_str()])?;
    Ok(())
}

pub(crate) fn set_password_epoch(
    connection: &Connection,
    id: AccountId,
    epoch: PasswordEpoch,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_PASSWORD_EPOCH)?.execute(params![id.0, epoch.0])?;
    Ok(())
}

pub(crate) fn set_factor_epoch(
    connection: &Connection,
    id: AccountId,
    epoch: FactorEpoch,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_FACTOR_EPOCH)?.execute(params![id.0, epoch.0])?;
    Ok(())
}

/// Takes the row away, and with it all that refers to it.
pub(crate) fn delete(connection: &Connection, id: AccountId) -> Result<(), Failure> {
    connection.prepare_cached(DELETE)?.execute(params![id.0])?;
    Ok(())
}

#[async_trait]
impl AccountRepository for SqliteStore {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        self.readers
            .ask(move |connection| {
                let mut statement = connection.prepare_cached(BY_ID)?;
                cells::one(statement.query(params![id.0])?, "account", read)
            })
            .await
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        let statement = match login {
            Login::Email(_) => BY_EMAIL,
            Login::Username(_) => BY_USERNAME,
        };
        let key = login.key().to_owned();
        self.readers
            .ask(move |connection| {
                let mut statement = connection.prepare_cached(statement)?;
                cells::one(statement.query(params![key])?, "account", |cells| cells.integer().map(AccountId))
            })
            .await
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        let after = after.map_or(i64::MIN, |id| id.0);
        self.readers
            .ask(move |connection| {
                let mut statement = connection.prepare_cached(PAGE)?;
                cells::list(statement.query(params![after, limit])?, "account", read)
            })
            .await
    }

    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        self.readers.ask_in_one_snapshot(move |connection| account_state::read(connection, id)).await
    }
}
