//! Recovery codes: named by set and position, never by what they are.

use account_core::ports::keyring::Sealed;
use account_core::two_factor::{RecoverySetId, StoredRecoveryCode};

use crate::cells::Cells;
use crate::failure::Failure;
use crate::statement::Draft;

pub(crate) fn read(cells: &mut Cells<'_>) -> Result<StoredRecoveryCode, Failure> {
    Ok(StoredRecoveryCode {
        set: cells.bytes(RecoverySetId::from_stored)?,
        digest: cells.bytes(|bytes| Sealed::from_stored(bytes.to_vec()))?,
        position: cells.small()?,
    })
}

pub(crate) fn add(draft: &mut Draft, codes: &[StoredRecoveryCode]) {
    draft.then(
        "INSERT INTO recovery_code (account, code_set, position, digest) \
         SELECT hold.id, n.code_set, n.position, n.digest FROM hold, unnest(",
    );
    draft.value(codes.iter().map(|code| &code.set.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(codes.iter().map(|code| i64::from(code.position)).collect::<Vec<_>>());
    draft.then(", ").value(codes.iter().map(|code| code.digest.as_bytes()).collect::<Vec<_>>());
    draft.then(") AS n (code_set, position, digest)");
}

pub(crate) fn spend(draft: &mut Draft, (set, position): (&RecoverySetId, u8)) {
    draft.then("DELETE FROM recovery_code USING hold WHERE account = hold.id AND code_set = ");
    draft.value(&set.as_bytes()[..]).then(" AND position = ").value(i64::from(position));
}

pub(crate) fn remove_all(draft: &mut Draft) {
    draft.then("DELETE FROM recovery_code USING hold WHERE account = hold.id");
}
