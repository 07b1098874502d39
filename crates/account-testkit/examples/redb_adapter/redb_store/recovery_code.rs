//! Recovery codes: named by position and set, never by what they are. The key's order is the list's.

use account_core::id::AccountId;
use account_core::ports::keyring::Sealed;
use account_core::two_factor::{RecoverySetId, StoredRecoveryCode};
use redb::{ReadTransaction, TableDefinition, WriteTransaction};

use super::failure::{Failure, malformed, taken};
use account_core::store::UniqueKey;

type Place = (i64, u8, &'static [u8; 16]);

const CODES: TableDefinition<'static, Place, &'static [u8]> = TableDefinition::new("recovery_code");
const FIRST_SET: [u8; 16] = [u8::MIN; 16];
const LAST_SET: [u8; 16] = [u8::MAX; 16];

pub(super) fn make_table(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(CODES)?;
    Ok(())
}

pub(super) fn of(snapshot: &ReadTransaction, account: AccountId) -> Result<Vec<StoredRecoveryCode>, Failure> {
    let codes = snapshot.open_table(CODES)?;
    let of_account = (account.0, u8::MIN, &FIRST_SET)..=(account.0, u8::MAX, &LAST_SET);
    let list = codes.range(of_account)?.map(|entry| {
        let (place, digest) = entry?;
        let (_, position, set) = place.value();
        let malformed = malformed("recovery_code");
        Ok(StoredRecoveryCode {
            set: RecoverySetId::from_stored(set).map_err(&malformed)?,
            position,
            digest: Sealed::from_stored(digest.value().to_vec()).map_err(&malformed)?,
        })
    });
    list.collect()
}

/// All at once; an empty list takes them away.
pub(super) fn replace(
    transaction: &WriteTransaction,
    account: AccountId,
    codes: &[StoredRecoveryCode],
) -> Result<(), Failure> {
    let mut table = transaction.open_table(CODES)?;
    let of_account = (account.0, u8::MIN, &FIRST_SET)..=(account.0, u8::MAX, &LAST_SET);
    table.retain_in(of_account, |_, _| false)?;
    for code in codes {
        let place = (account.0, code.position, code.set.as_bytes());
        if table.insert(place, code.digest.as_bytes())?.is_some() {
            return Err(taken(UniqueKey::Secret));
        }
    }
    Ok(())
}

pub(super) fn spend(
    transaction: &WriteTransaction,
    account: AccountId,
    set: &RecoverySetId,
    position: u8,
) -> Result<(), Failure> {
    transaction.open_table(CODES)?.remove((account.0, position, set.as_bytes()))?;
    Ok(())
}
