//! Recovery codes: named by set and position, never by what they are.

use account_core::id::AccountId;
use account_core::ports::keyring::Sealed;
use account_core::two_factor::{RecoverySetId, StoredRecoveryCode};
use rusqlite::{Connection, params};

use crate::cells;
use crate::failure::Failure;

statements! {
    OF = "SELECT code_set, position, digest FROM recovery_code WHERE account = ?1 ORDER BY code_set, position";
    ADD = "INSERT INTO recovery_code (account, code_set, position, digest) VALUES (?1, ?2, ?3, ?4)";
    REMOVE = "DELETE FROM recovery_code WHERE account = ?1 AND code_set = ?2 AND position = ?3";
    REMOVE_ALL = "DELETE FROM recovery_code WHERE account = ?1";
}

pub(crate) fn of(connection: &Connection, account: AccountId) -> Result<Vec<StoredRecoveryCode>, Failure> {
    let mut statement = connection.prepare_cached(OF)?;
    let mut codes = cells::list(statement.query(params![account.0])?, "recovery_code", |cells| {
        Ok(StoredRecoveryCode {
            set: cells.blob(RecoverySetId::from_stored)?,
            position: cells.small()?,
            digest: cells.blob(|bytes| Sealed::from_stored(bytes.to_vec()))?,
        })
    })?;
    codes.sort_by_key(|code| code.position);
    Ok(codes)
}

pub(crate) fn replace(
    connection: &Connection,
    account: AccountId,
    codes: &[StoredRecoveryCode],
) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE_ALL)?.execute(params![account.0])?;
    let mut add = connection.prepare_cached(ADD)?;
    for code in codes {
        add.execute(params![account.0, code.set.as_bytes(), code.position, code.digest.as_bytes()])?;
    }
    Ok(())
}

pub(crate) fn spend(
    connection: &Connection,
    account: AccountId,
    set: &RecoverySetId,
    position: u8,
) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE)?.execute(params![account.0, set.as_bytes(), position])?;
    Ok(())
}
