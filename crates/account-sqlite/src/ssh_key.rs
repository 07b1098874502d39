//! SSH keys, named by fingerprint within their account.

use account_core::creation::IdempotencyDigest;
use account_core::id::AccountId;
use account_core::ssh_key::{Fingerprint, SshKey, SshKeyName, SshPublicKey};
use account_core::store::{SshKeyRepository, StoreResult};
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::cells;
use crate::failure::Failure;
use crate::store::SqliteStore;

statements! {
    OF = "SELECT name, public_key, created_at, idempotency FROM ssh_key WHERE account = ?1
          ORDER BY created_at, number";
    ADD = "INSERT INTO ssh_key (account, fingerprint, name, public_key, created_at, idempotency)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    REMOVE = "DELETE FROM ssh_key WHERE account = ?1 AND fingerprint = ?2";
}

pub(crate) fn of(connection: &Connection, account: AccountId) -> Result<Vec<SshKey>, Failure> {
    let mut statement = connection.prepare_cached(OF)?;
    cells::list(statement.query(params![account.0])?, "ssh_key", |cells| {
        Ok(SshKey {
            name: cells.owned_text(SshKeyName::from_stored)?,
            public_key: cells.owned_text(SshPublicKey::from_stored)?,
            created_at: cells.time()?,
            idempotency: cells.blob_if_any(IdempotencyDigest::from_stored)?,
        })
    })
}

pub(crate) fn add(connection: &Connection, account: AccountId, key: &SshKey) -> Result<(), Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        account.0,
        key.fingerprint().as_bytes(),
        key.name.as_str(),
        key.public_key.openssh(),
        key.created_at.as_millis(),
        key.idempotency.as_ref().map(IdempotencyDigest::as_bytes)
    ])?;
    Ok(())
}

pub(crate) fn remove(
    connection: &Connection,
    account: AccountId,
    fingerprint: &Fingerprint,
) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE)?.execute(params![account.0, fingerprint.as_bytes()])?;
    Ok(())
}

#[async_trait]
impl SshKeyRepository for SqliteStore {
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>> {
        self.readers.ask(move |connection| of(connection, account)).await
    }
}
