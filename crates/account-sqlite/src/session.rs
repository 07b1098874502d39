//! Sessions. Finding one with its account is the other hot path. Expired ones are here until the
//! sweep takes them; whether one counts is the core's question.

use account_core::account::Account;
use account_core::id::{AccountId, Digest, PasswordEpoch, SessionId};
use account_core::ports::keyring::Mac;
use account_core::session::{StoredSession, UserAgent};
use account_core::store::{SessionRepository, StoreResult};
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::account;
use crate::cells::{self, Cells};
use crate::failure::Failure;
use crate::store::SqliteStore;

macro_rules! columns {
    () => {
        "SELECT session.id, session.token, session.mac, session.password_epoch, session.ip, \
         session.user_agent, session.created_at, session.last_seen_at"
    };
}

statements! {
    WITH_ACCOUNT = concat!(
        columns!(), ", ", account_columns!(),
        " FROM session JOIN account ON account.id = session.account WHERE session.token = ?1"
    );
    OF = concat!(columns!(), " FROM session WHERE account = ?1 ORDER BY created_at, number");
    ADD = "INSERT INTO session (account, id, token, mac, password_epoch, ip, user_agent, created_at, last_seen_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    REMOVE = "DELETE FROM session WHERE account = ?1 AND id = ?2";
    REMOVE_ALL = "DELETE FROM session WHERE account = ?1";
    REMOVE_ALL_BUT = "DELETE FROM session WHERE account = ?1 AND id <> ?2";
    SET_MAC = "UPDATE session SET mac = ?3 WHERE account = ?1 AND id = ?2";
}

fn read(cells: &mut Cells<'_, '_>) -> Result<StoredSession, Failure> {
    Ok(StoredSession {
        id: cells.blob(SessionId::from_stored)?,
        token: cells.blob(Digest::from_stored)?,
        mac: cells.blob(|bytes| Mac::from_stored(bytes.to_vec()))?,
        password_epoch: PasswordEpoch(cells.integer()?),
        ip: cells.address_if_any()?,
        user_agent: cells.owned_text_if_any(UserAgent::from_stored)?,
        created_at: cells.time()?,
        last_seen_at: cells.time()?,
    })
}

pub(crate) fn of(connection: &Connection, account: AccountId) -> Result<Vec<StoredSession>, Failure> {
    let mut statement = connection.prepare_cached(OF)?;
    cells::list(statement.query(params![account.0])?, "session", read)
}

pub(crate) fn add(
    connection: &Connection,
    account: AccountId,
    session: &StoredSession,
) -> Result<(), Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        account.0,
        session.id.as_bytes(),
        session.token.as_bytes(),
        session.mac.as_bytes(),
        session.password_epoch.0,
        session.ip.map(|ip| ip.to_string()),
        session.user_agent.as_ref().map(UserAgent::as_str),
        session.created_at.as_millis(),
        session.last_seen_at.as_millis()
    ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, account: AccountId, id: SessionId) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE)?.execute(params![account.0, id.as_bytes()])?;
    Ok(())
}

pub(crate) fn remove_all_but(
    connection: &Connection,
    account: AccountId,
    kept: Option<SessionId>,
) -> Result<(), Failure> {
    match kept {
        Some(kept) => {
            connection.prepare_cached(REMOVE_ALL_BUT)?.execute(params![account.0, kept.as_bytes()])?
        }
        None => connection.prepare_cached(REMOVE_ALL)?.execute(params![account.0])?,
    };
    Ok(())
}

pub(crate) fn set_mac(
    connection: &Connection,
    account: AccountId,
    id: SessionId,
    mac: &Mac,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_MAC)?.execute(params![account.0, id.as_bytes(), mac.as_bytes()])?;
    Ok(())
}

#[async_trait]
impl SessionRepository for SqliteStore {
    async fn session(&self, token: &Digest) -> StoreResult<Option<(StoredSession, Account)>> {
        let token = *token;
        self.readers
            .ask(move |connection| {
                let mut statement = connection.prepare_cached(WITH_ACCOUNT)?;
                cells::one(statement.query(params![token.as_bytes()])?, "session", |cells| {
                    Ok((read(cells)?, account::read(cells.now_of("account"))?))
                })
            })
            .await
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        self.readers.ask(move |connection| of(connection, account)).await
    }
}
