//! Sign-ins that wait for the second factor, and the way from any token to its account.

use account_core::id::{AccountId, Digest, FactorEpoch, PasswordEpoch};
use account_core::sign_in::PendingSignIn;
use account_core::store::{SignInRepository, StoreResult};
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::failure::Failure;
use crate::store::SqliteStore;
use crate::{cells, mail_token};

statements! {
    OWNER = "SELECT account FROM pending_sign_in WHERE token = ?1";
    OF = "SELECT token, password_epoch, factor_epoch, tries, ip, created_at FROM pending_sign_in
          WHERE account = ?1 ORDER BY created_at, number";
    ADD = "INSERT INTO pending_sign_in (account, token, password_epoch, factor_epoch, tries, ip, created_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    SET_TRIES = "UPDATE pending_sign_in SET tries = ?3 WHERE account = ?1 AND token = ?2";
    REMOVE = "DELETE FROM pending_sign_in WHERE account = ?1 AND token = ?2";
    REMOVE_ALL = "DELETE FROM pending_sign_in WHERE account = ?1";
}

pub(crate) fn of(connection: &Connection, account: AccountId) -> Result<Vec<PendingSignIn>, Failure> {
    let mut statement = connection.prepare_cached(OF)?;
    cells::list(statement.query(params![account.0])?, "pending_sign_in", |cells| {
        Ok(PendingSignIn {
            token: cells.blob(Digest::from_stored)?,
            password_epoch: PasswordEpoch(cells.integer()?),
            factor_epoch: FactorEpoch(cells.integer()?),
            tries: cells.small()?,
            ip: cells.address_if_any()?,
            created_at: cells.time()?,
        })
    })
}

pub(crate) fn add(
    connection: &Connection,
    account: AccountId,
    pending: &PendingSignIn,
) -> Result<(), Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        account.0,
        pending.token.as_bytes(),
        pending.password_epoch.0,
        pending.factor_epoch.0,
        pending.tries,
        pending.ip.map(|ip| ip.to_string()),
        pending.created_at.as_millis()
    ])?;
    Ok(())
}

pub(crate) fn set_tries(
    connection: &Connection,
    account: AccountId,
    token: &Digest,
    tries: u32,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_TRIES)?.execute(params![account.0, token.as_bytes(), tries])?;
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

#[async_trait]
impl SignInRepository for SqliteStore {
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        let token = *token;
        self.readers
            .ask(move |connection| {
                let mut statement = connection.prepare_cached(OWNER)?;
                cells::one(statement.query(params![token.as_bytes()])?, "pending_sign_in", |cells| {
                    cells.integer().map(AccountId)
                })
            })
            .await
    }

    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        let token = *token;
        self.readers.ask(move |connection| mail_token::owner(connection, &token)).await
    }
}
