//! By which keys the rows were written: names and check values, never a key.

use account_core::ports::keyring::{KeyCheck, KeyName};
use account_core::store::{KeyringRepository, StoreResult};
use async_trait::async_trait;
use redb::{ReadableTable, TableDefinition, WriteTransaction};

use super::RedbStore;
use super::failure::{Failure, malformed};

const CHECKS: TableDefinition<'static, &'static str, [u8; 16]> = TableDefinition::new("keyring_check");

pub(super) fn make_table(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(CHECKS)?;
    Ok(())
}

#[async_trait]
impl KeyringRepository for RedbStore {
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>> {
        self.ask(|snapshot| {
            let checks = snapshot.open_table(CHECKS)?;
            let list = checks.iter()?.map(|entry| {
                let (name, check) = entry?;
                let name = KeyName::from_stored(name.value()).map_err(malformed("keyring_check"))?;
                Ok(KeyCheck { name, check: check.value() })
            });
            list.collect()
        })
    }

    /// One that is there is left as it is: two nodes with different keyrings must not agree by accident.
    async fn add_key_checks(&self, checks: &[KeyCheck]) -> StoreResult<()> {
        let new = checks.to_vec();
        self.write(move |transaction| {
            let mut checks = transaction.open_table(CHECKS)?;
            for KeyCheck { name, check } in new {
                if checks.get(name.as_str())?.is_none() {
                    checks.insert(name.as_str(), check)?;
                }
            }
            Ok(())
        })
        .await
    }

    async fn remove_key_check(&self, name: &str) -> StoreResult<()> {
        let name = name.to_owned();
        self.write(move |transaction| {
            transaction.open_table(CHECKS)?.remove(name.as_str())?;
            Ok(())
        })
        .await
    }
}
