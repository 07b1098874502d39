//! By which keyring the rows were written: names of keys and check values, no key.

use account_core::malformed::Malformed;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::store::{KeyringRepository, StoreResult};
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::cells;
use crate::failure::Failure;
use crate::store::SqliteStore;

statements! {
    ALL = "SELECT name, value FROM keyring_check ORDER BY name";
    ADD = "INSERT INTO keyring_check (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
    REMOVE = "DELETE FROM keyring_check WHERE name = ?1";
}

fn read(connection: &Connection) -> Result<Vec<KeyCheck>, Failure> {
    let mut statement = connection.prepare_cached(ALL)?;
    cells::list(statement.query([])?, "keyring_check", |cells| {
        Ok(KeyCheck {
            name: cells.text(KeyName::from_stored)?,
            check: cells.blob(|bytes| bytes.try_into().map_err(|_| Malformed("check value")))?,
        })
    })
}

#[async_trait]
impl KeyringRepository for SqliteStore {
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>> {
        self.readers.ask(read).await
    }

    async fn add_key_check(&self, new: &KeyCheck, ring: &[KeyCheck]) -> StoreResult<()> {
        let (new, ring) = (new.clone(), ring.to_vec());
        // The one writer: nobody adds between the question and the answer.
        self.write(move |connection| {
            if read(connection)?.iter().all(|known| ring.contains(known)) {
                let mut add = connection.prepare_cached(ADD)?;
                add.execute(params![new.name.as_str(), new.check])?;
            }
            Ok(())
        })
        .await
    }

    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()> {
        let name = name.as_str().to_owned();
        self.write(move |connection| Ok(connection.prepare_cached(REMOVE)?.execute([&name]).map(drop)?)).await
    }
}
