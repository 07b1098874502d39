//! By which keyring the rows were written: names of keys and check values, no key.

use account_core::malformed::Malformed;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::store::{KeyringRepository, StoreResult};
use async_trait::async_trait;

use crate::cells::{self, Shape};
use crate::statement::Draft;
use crate::store::PostgresStore;

const SHAPE: Shape = Shape::new(1, 1, 0);

statements! {
    ALL = "SELECT value, name FROM keyring_check ORDER BY name";
    ADD = "INSERT INTO keyring_check (name, value) SELECT n.name, n.value FROM unnest($1::text[], $2::bytea[]) AS n (name, value)
           ON CONFLICT (name) DO NOTHING";
    REMOVE = "DELETE FROM keyring_check WHERE name = $1";
}

#[async_trait]
impl KeyringRepository for PostgresStore {
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>> {
        let rows = self.ask(Draft::of(ALL)).await?;
        Ok(cells::list(&rows, "keyring_check", SHAPE, |cells| {
            Ok(KeyCheck {
                check: cells.bytes(|bytes| bytes.try_into().map_err(|_| Malformed("check value")))?,
                name: cells.text(KeyName::from_stored)?,
            })
        })?)
    }

    async fn add_key_checks(&self, checks: &[KeyCheck]) -> StoreResult<()> {
        let add = Draft::of(ADD)
            .with(checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>())
            .with(checks.iter().map(|check| &check.check[..]).collect::<Vec<_>>());
        self.write(add).await.map(drop)
    }

    async fn remove_key_check(&self, name: &str) -> StoreResult<()> {
        self.write(Draft::of(REMOVE).with(name)).await.map(drop)
    }
}
