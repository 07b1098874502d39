//! The extractor with which an embedder protects routes of its own.

use std::ops::Deref;

use account_core::policy::Operation;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use crate::error_body::ApiError;
use crate::gate::Gate;
use crate::refusal::{Wording, refusal};

/// Whoever asks: signed in by API key or session. Everybody else is answered 401, 403 or 419 before
/// the handler runs, and 400 where policy demands a second factor that the account has not.
///
/// ```
/// use account_axum::{ClientIp, Gate, Options, Principal};
/// use axum::{Router, routing::get};
///
/// async fn greet(who: Principal, ClientIp(from): ClientIp) -> String {
///     format!("{} from {from:?}", who.account().username.as_str())
/// }
///
/// fn mine(accounts: account_core::Accounts, options: &Options) -> Router {
///     Router::new().route("/greeting", get(greet)).with_state(Gate::new(accounts, options))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Principal(pub account_core::Principal);

impl Deref for Principal {
    type Target = account_core::Principal;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<S> FromRequestParts<S> for Principal
where
    S: Send + Sync,
    Gate: FromRef<S>,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let gate = Gate::from_ref(state);
        let who = gate.admit(parts).await?;
        let accounts = gate.accounts();
        match accounts.permits(&who, Operation::Other) {
            Ok(()) => Ok(Self(who)),
            Err(error) => Err(refusal(error, Wording::Usual, accounts.now())),
        }
    }
}
