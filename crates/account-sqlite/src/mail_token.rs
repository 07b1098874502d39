//! Tokens that travel by mail: their digests, and whose they are.

use account_core::email::Email;
use account_core::id::{AccountId, Digest, PasswordEpoch};
use account_core::mail::{MailToken, MailTokenPurpose};
use rusqlite::{Connection, params};

use crate::cells;
use crate::failure::Failure;

statements! {
    OWNER = "SELECT account FROM mail_token WHERE token = ?1";
    OF = "SELECT token, purpose, email, password_epoch, created_at FROM mail_token
          WHERE account = ?1 ORDER BY created_at, number";
    ADD = "INSERT INTO mail_token (account, token, purpose, email, password_epoch, created_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    REMOVE = "DELETE FROM mail_token WHERE account = ?1 AND token = ?2";
    REMOVE_ALL = "DELETE FROM mail_token WHERE account = ?1";
}

pub(crate) fn owner(connection: &Connection, token: &Digest) -> Result<Option<AccountId>, Failure> {
    let mut statement = connection.prepare_cached(OWNER)?;
    cells::one(statement.query(params![token.as_bytes()])?, "mail_token", |cells| {
        cells.integer().map(AccountId)
    })
}

pub(crate) fn of(connection: &Connection, account: AccountId) -> Result<Vec<MailToken>, Failure> {
    let mut statement = connection.prepare_cached(OF)?;
    cells::list(statement.query(params![account.0])?, "mail_token", |cells| {
        Ok(MailToken {
            token: cells.blob(Digest::from_stored)?,
            purpose: cells.text(MailTokenPurpose::from_stored)?,
            email: cells.owned_text(|text| Email::from_stored(text.clone(), text))?,
            password_epoch: PasswordEpoch(cells.integer()?),
            created_at: cells.time()?,
        })
    })
}

pub(crate) fn add(connection: &Connection, account: AccountId, token: &MailToken) -> Result<(), Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        account.0,
        token.token.as_bytes(),
        token.purpose.as_str(),
        token.email.canonical(),
        token.password_epoch.0,
        token.created_at.as_millis()
    ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, account: AccountId, token: &Digest) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE)?.execute(params![account.0, token.as_bytes()])?;
    Ok(())
}

pub(crate) fn remove_all(connection: &Connection, account: AccountId) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE_ALL)?.execute(params![account.0])?;
    Ok(())
}
