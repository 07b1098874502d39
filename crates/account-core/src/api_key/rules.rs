//! What may become of API keys: plain functions over a snapshot.

use crate::api_key::{AllowedIps, ApiKeyIdentifier};
use crate::error::{Error, Limit};
use crate::policy::Limits;
use crate::store::AccountState;
use crate::time::Timestamp;

/// Room for one more.
pub(crate) fn room(state: &AccountState, limits: &Limits) -> Result<(), Error> {
    if state.api_keys.len() < limits.api_keys { Ok(()) } else { Err(Error::LimitReached(Limit::ApiKeys)) }
}

/// A key never widens itself: what a restricted key makes lies inside of it (SEC-38).
pub(crate) fn inside_maker(
    state: &AccountState,
    maker: Option<ApiKeyIdentifier>,
    allowed_ips: &AllowedIps,
    expires_at: Option<Timestamp>,
) -> Result<(), Error> {
    let Some(maker) = maker else { return Ok(()) };
    let maker = state.api_keys.iter().find(|key| key.identifier == maker).ok_or(Error::Unauthenticated)?;
    let inside = maker.allowed_ips.covers(allowed_ips);
    let no_later = maker.expires_at.is_none_or(|limit| expires_at.is_some_and(|at| at <= limit));
    if inside && no_later { Ok(()) } else { Err(Error::WiderThanMaker) }
}
