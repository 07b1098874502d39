//! API keys. Finding one with its account is the hot path: one statement, two point look-ups; for a row of another
//! number a second statement.
//!
//! A key's row has the number of its identifier, so that it is found without an index, and new keys stand side by
//! side. Where that number is taken, or would put a key before an older one of the same millisecond, the row
//! has the next free number, as all rows had once, and is found by the index.

use account_core::account::Account;
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, Description, StoredApiKey};
use account_core::creation::IdempotencyDigest;
use account_core::id::{AccountId, Digest};
use account_core::malformed::Malformed;
use account_core::ports::keyring::Mac;
use account_core::store::{ApiKeyRepository, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;
use rusqlite::{Connection, Rows, params};

use crate::account;
use crate::cells::{self, Cells};
use crate::failure::Failure;
use crate::store::SqliteStore;

macro_rules! columns {
    () => {
        "SELECT api_key.identifier, api_key.description, api_key.allowed_ips, api_key.secret, api_key.mac, \
         api_key.expires_at, api_key.made_by, api_key.created_at, api_key.last_used_at"
    };
}

macro_rules! with_account {
    () => {
        concat!(
            columns!(),
            ", ",
            account_columns!(),
            " FROM api_key JOIN account ON account.id = api_key.account WHERE api_key.identifier = ?1"
        )
    };
}

statements! {
    BY_NUMBER = concat!(with_account!(), " AND api_key.number = ?2");
    BY_IDENTIFIER = with_account!();
    OF = concat!(columns!(), ", api_key.idempotency FROM api_key WHERE account = ?1 ORDER BY created_at, number");
    // NULL is the next free number.
    ADD = "INSERT INTO api_key (account, identifier, description, allowed_ips, secret, mac,
                                expires_at, made_by, created_at, last_used_at, idempotency, number)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
                   CASE WHEN EXISTS (SELECT 1 FROM api_key WHERE number = ?12)
                          OR EXISTS (SELECT 1 FROM api_key WHERE account = ?1 AND created_at = ?9 AND number > ?12)
                        THEN NULL ELSE ?12 END)";
    REMOVE = "DELETE FROM api_key WHERE account = ?1 AND identifier = ?2";
    SET_MAC = "UPDATE api_key SET mac = ?3 WHERE account = ?1 AND identifier = ?2";
}

fn read(cells: &mut Cells<'_, '_>) -> Result<StoredApiKey, Failure> {
    Ok(StoredApiKey {
        identifier: cells.text(ApiKeyIdentifier::from_stored)?,
        description: cells.owned_text(Description::from_stored)?,
        allowed_ips: cells.text(allowed_ips)?,
        secret: cells.blob(Digest::from_stored)?,
        mac: cells.blob(|bytes| Mac::from_stored(bytes.to_vec()))?,
        expires_at: cells.time_if_any()?,
        made_by: cells.text_if_any(ApiKeyIdentifier::from_stored)?,
        created_at: cells.time()?,
        last_used_at: cells.time_if_any()?,
        idempotency: None,
    })
}

fn read_with_name(cells: &mut Cells<'_, '_>) -> Result<StoredApiKey, Failure> {
    let key = read(cells)?;
    Ok(StoredApiKey { idempotency: cells.blob_if_any(IdempotencyDigest::from_stored)?, ..key })
}

fn read_with_account(rows: Rows<'_>) -> Result<Option<(StoredApiKey, Account)>, Failure> {
    cells::one(rows, "api_key", |cells| Ok((read(cells)?, account::read(cells.now_of("account"))?)))
}

fn allowed_ips(json: &str) -> Result<AllowedIps, Malformed> {
    AllowedIps::from_stored(serde_json::from_str(json).map_err(|_| Malformed("allow-list"))?)
}

pub(crate) fn of(connection: &Connection, account: AccountId) -> Result<Vec<StoredApiKey>, Failure> {
    let mut statement = connection.prepare_cached(OF)?;
    cells::list(statement.query(params![account.0])?, "api_key", read_with_name)
}

pub(crate) fn add(connection: &Connection, account: AccountId, key: &StoredApiKey) -> Result<(), Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        account.0,
        key.identifier.as_str(),
        key.description.as_str(),
        serde_json::Value::from_iter(key.allowed_ips.entries().iter().map(String::as_str)).to_string(),
        key.secret.as_bytes(),
        key.mac.as_bytes(),
        key.expires_at.map(Timestamp::as_millis),
        key.made_by.as_ref().map(ApiKeyIdentifier::as_str),
        key.created_at.as_millis(),
        key.last_used_at.map(Timestamp::as_millis),
        key.idempotency.as_ref().map(IdempotencyDigest::as_bytes),
        key.identifier.number()
    ])?;
    Ok(())
}

pub(crate) fn remove(
    connection: &Connection,
    account: AccountId,
    identifier: &ApiKeyIdentifier,
) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE)?.execute(params![account.0, identifier.as_str()])?;
    Ok(())
}

pub(crate) fn set_mac(
    connection: &Connection,
    account: AccountId,
    identifier: &ApiKeyIdentifier,
    mac: &Mac,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_MAC)?.execute(params![account.0, identifier.as_str(), mac.as_bytes()])?;
    Ok(())
}

#[async_trait]
impl ApiKeyRepository for SqliteStore {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        let identifier = *identifier;
        self.readers
            .ask(move |connection| {
                let mut by_number = connection.prepare_cached(BY_NUMBER)?;
                let found =
                    read_with_account(by_number.query(params![identifier.as_str(), identifier.number()])?)?;
                if found.is_some() {
                    return Ok(found);
                }
                let mut by_identifier = connection.prepare_cached(BY_IDENTIFIER)?;
                read_with_account(by_identifier.query(params![identifier.as_str()])?)
            })
            .await
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        self.readers.ask(move |connection| of(connection, account)).await
    }
}
