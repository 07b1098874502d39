//! The routes from sign-in to sign-out (contract 8), in a router of their own: an embedder with a
//! sign-in of its own leaves it out.

use std::sync::Arc;

use account_core::Accounts;
use axum::Router;
use axum::routing::get;

use crate::edge::Edge;
use crate::endpoints::{recovery, sign_in, verification};
use crate::envelope::no_content;
use crate::options::Options;
use crate::unknown_route::only;
use crate::visit::{OpenEndpoint, open};

/// Signing in and out, choosing a new password by mail, proving an address.
///
/// `GET /sanctum/csrf-cookie` is there for clients that fetch a token first: there is none, and it
/// answers 204. No other `GET` is taken, so an application can have its pages on the same paths. Paths
/// under `/auth` that are not here are the application's too: as JSON, it answers them with
/// [`unknown_path`](crate::unknown_route::unknown_path) as its fallback.
pub fn auth_router(accounts: Accounts, options: Options) -> Router {
    let edge = Arc::new(Edge::new(accounts, options));
    Router::new()
        .merge(route::<sign_in::Login>(&edge))
        .merge(route::<sign_in::Checkpoint>(&edge))
        .merge(route::<sign_in::Logout>(&edge))
        .merge(route::<recovery::Request>(&edge))
        .merge(route::<recovery::Reset>(&edge))
        .merge(route::<verification::Request>(&edge))
        .merge(route::<verification::Verify>(&edge))
        .route("/sanctum/csrf-cookie", only("GET, HEAD", get(async || no_content())))
}

fn route<E: OpenEndpoint>(edge: &Arc<Edge>) -> Router {
    Router::new().route(E::PATH, open::<E>(edge))
}
