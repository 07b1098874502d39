//! By which keyring the rows were written: names of keys and check values, no key.

use account_core::malformed::Malformed;
use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::store::{KeyringRepository, StoreResult};
use async_trait::async_trait;

use crate::cells::{self, Shape};
use crate::failure::Failure;
use crate::statement::{Draft, Statement};
use crate::store::PostgresStore;
use crate::transaction::{Transaction, Work};

/// Rows that are not there yet cannot be locked: whoever adds a key holds one that always is, and looks
/// at what is recorded in a statement after that, which sees what the one before committed.
struct Adding {
    turn: Statement,
    add: Statement,
}

impl Work for Adding {
    type Answer = ();

    fn is_one_statement(&self) -> bool {
        false
    }

    async fn run(&self, transaction: &mut Transaction) -> Result<(), Failure> {
        transaction.run(&self.turn).await?;
        transaction.run(&self.add).await.map(drop)
    }
}

const SHAPE: Shape = Shape::new(1, 1, 0);

statements! {
    ALL = "SELECT value, name FROM keyring_check ORDER BY name";
    TAKE_TURNS = "UPDATE readiness SET checks = checks + 1 WHERE id = 1";
    ADD = "INSERT INTO keyring_check (name, value) SELECT $1::text, $2::bytea WHERE NOT EXISTS (
             SELECT 1 FROM keyring_check AS k WHERE NOT EXISTS (
               SELECT 1 FROM unnest($3::text[], $4::bytea[]) AS r (name, value)
               WHERE r.name = k.name AND r.value = k.value))
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

    async fn add_key_check(&self, new: &KeyCheck, ring: &[KeyCheck]) -> StoreResult<()> {
        let add = Draft::of(ADD)
            .with(new.name.as_str())
            .with(&new.check[..])
            .with(ring.iter().map(|key| key.name.as_str()).collect::<Vec<_>>())
            .with(ring.iter().map(|key| &key.check[..]).collect::<Vec<_>>());
        let adding = Adding { turn: Draft::of(TAKE_TURNS).ready()?, add: add.ready()? };
        self.perform(adding).await
    }

    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()> {
        self.write(Draft::of(REMOVE).with(name.as_str())).await.map(drop)
    }
}
