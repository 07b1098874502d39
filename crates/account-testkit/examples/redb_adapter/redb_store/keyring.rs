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

/// From a snapshot, or within a transaction.
fn read(checks: &impl ReadableTable<&'static str, [u8; 16]>) -> Result<Vec<KeyCheck>, Failure> {
    let list = checks.iter()?.map(|entry| {
        let (name, check) = entry?;
        let name = KeyName::from_stored(name.value()).map_err(malformed("keyring_check"))?;
        Ok(KeyCheck { name, check: check.value() })
    });
    list.collect()
}

#[async_trait]
impl KeyringRepository for RedbStore {
    async fn key_checks(&self) -> StoreResult<Vec<KeyCheck>> {
        self.ask(|snapshot| read(&snapshot.open_table(CHECKS)?))
    }

    /// Asked and answered in one transaction: nobody adds between the two.
    async fn add_key_check(&self, new: &KeyCheck, ring: &[KeyCheck]) -> StoreResult<()> {
        let (new, ring) = (new.clone(), ring.to_vec());
        self.write(move |transaction| {
            let mut checks = transaction.open_table(CHECKS)?;
            if read(&checks)?.iter().all(|known| ring.contains(known)) {
                checks.insert(new.name.as_str(), new.check)?;
            }
            Ok(())
        })
        .await
    }

    async fn remove_key_check(&self, name: &KeyName) -> StoreResult<()> {
        let name = name.clone();
        self.write(move |transaction| {
            transaction.open_table(CHECKS)?.remove(name.as_str())?;
            Ok(())
        })
        .await
    }
}
