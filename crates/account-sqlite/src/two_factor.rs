//! The second factor's columns in the account's row: the one that is on, and the one being set up.

use account_core::id::AccountId;
use account_core::malformed::Malformed;
use account_core::ports::keyring::Sealed;
use account_core::time::Timestamp;
use account_core::two_factor::{PendingTwoFactor, TotpStep, TwoFactor};
use rusqlite::{Connection, params};

use crate::cells::Cells;
use crate::failure::Failure;

statements! {
    SET = "UPDATE account SET two_factor_secret = ?2, two_factor_last_step = ?3, two_factor_enabled_at = ?4
           WHERE id = ?1";
    SET_PENDING =
        "UPDATE account SET pending_two_factor_secret = ?2, pending_two_factor_made_at = ?3 WHERE id = ?1";
    SET_STEP = "UPDATE account SET two_factor_last_step = ?2 WHERE id = ?1 AND two_factor_secret IS NOT NULL";
}

/// The factor that is on, from three columns.
pub(crate) fn read(cells: &mut Cells<'_, '_>) -> Result<Option<TwoFactor>, Failure> {
    let secret = cells.blob_if_any(sealed)?;
    let last_step = cells.small_if_any()?.map(TotpStep);
    let enabled_at = cells.time_if_any()?;
    match (secret, last_step, enabled_at) {
        (Some(secret), Some(last_step), Some(enabled_at)) => {
            Ok(Some(TwoFactor { secret, last_step, enabled_at }))
        }
        (None, None, None) => Ok(None),
        _ => Err(cells.contradiction(Malformed("second factor"))),
    }
}

/// The factor that is being set up, from two columns.
pub(crate) fn read_pending(cells: &mut Cells<'_, '_>) -> Result<Option<PendingTwoFactor>, Failure> {
    let secret = cells.blob_if_any(sealed)?;
    let made_at = cells.time_if_any()?;
    match (secret, made_at) {
        (Some(secret), Some(made_at)) => Ok(Some(PendingTwoFactor { secret, made_at })),
        (None, None) => Ok(None),
        _ => Err(cells.contradiction(Malformed("pending second factor"))),
    }
}

fn sealed(bytes: &[u8]) -> Result<Sealed, Malformed> {
    Sealed::from_stored(bytes.to_vec())
}

/// SQLite's numbers end at half of a step's range, three hundred thousand million years from now.
fn number(step: TotpStep) -> i64 {
    i64::try_from(step.0).unwrap_or(i64::MAX)
}

pub(crate) fn set(connection: &Connection, id: AccountId, factor: Option<&TwoFactor>) -> Result<(), Failure> {
    connection.prepare_cached(SET)?.execute(params![
        id.0,
        factor.map(|factor| factor.secret.as_bytes()),
        factor.map(|factor| number(factor.last_step)),
        factor.map(|factor| factor.enabled_at.as_millis())
    ])?;
    Ok(())
}

pub(crate) fn set_pending(
    connection: &Connection,
    id: AccountId,
    pending: Option<&PendingTwoFactor>,
) -> Result<(), Failure> {
    connection.prepare_cached(SET_PENDING)?.execute(params![
        id.0,
        pending.map(|pending| pending.secret.as_bytes()),
        pending.map(|pending| pending.made_at).map(Timestamp::as_millis)
    ])?;
    Ok(())
}

pub(crate) fn set_step(connection: &Connection, id: AccountId, step: TotpStep) -> Result<(), Failure> {
    connection.prepare_cached(SET_STEP)?.execute(params![id.0, number(step)])?;
    Ok(())
}
