//! The second factor's columns in the account's row: the one that is on, and the one being set up.

use account_core::malformed::Malformed;
use account_core::ports::keyring::Sealed;
use account_core::time::Timestamp;
use account_core::two_factor::{PendingTwoFactor, TotpStep, TwoFactor};

use crate::cells::Cells;
use crate::failure::Failure;
use crate::statement::Draft;

/// The factor that is on: a secret, its last step, and since when, which was read with the account.
pub(crate) fn read(
    cells: &mut Cells<'_>,
    enabled_at: Option<Timestamp>,
) -> Result<Option<TwoFactor>, Failure> {
    let secret = cells.bytes_if_any(sealed)?;
    let last_step = cells.small_if_any()?.map(TotpStep);
    match (secret, last_step, enabled_at) {
        (Some(secret), Some(last_step), Some(enabled_at)) => {
            Ok(Some(TwoFactor { secret, last_step, enabled_at }))
        }
        (None, None, None) => Ok(None),
        _ => Err(cells.contradiction(Malformed("second factor"))),
    }
}

/// The factor that is being set up: a secret, and since when.
pub(crate) fn read_pending(cells: &mut Cells<'_>) -> Result<Option<PendingTwoFactor>, Failure> {
    let secret = cells.bytes_if_any(sealed)?;
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

/// PostgreSQL's numbers end at half of a step's range, three hundred thousand million years from now.
fn number(step: TotpStep) -> i64 {
    i64::try_from(step.0).unwrap_or(i64::MAX)
}

pub(crate) fn set(draft: &mut Draft, factor: Option<&TwoFactor>) {
    draft.then("two_factor_secret = ").value(factor.map(|factor| factor.secret.as_bytes()));
    draft.then(", two_factor_last_step = ").value(factor.map(|factor| number(factor.last_step)));
    draft.then(", two_factor_enabled_at = ").value(factor.map(|factor| factor.enabled_at.as_millis()));
}

pub(crate) fn set_pending(draft: &mut Draft, pending: Option<&PendingTwoFactor>) {
    draft.then("pending_two_factor_secret = ").value(pending.map(|pending| pending.secret.as_bytes()));
    draft.then(", pending_two_factor_made_at = ").value(pending.map(|pending| pending.made_at.as_millis()));
}

/// Without a factor that is on, there is no step to keep.
pub(crate) fn set_step(draft: &mut Draft, step: TotpStep) {
    draft.then("two_factor_last_step = CASE WHEN two_factor_secret IS NULL THEN NULL ELSE ");
    draft.value(number(step)).then(" END");
}
