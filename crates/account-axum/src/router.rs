//! The routes of the client area, and the router that has them.

use std::sync::Arc;

use account_core::Accounts;
use axum::Router;
use axum::routing::{MethodRouter, any};

use crate::edge::Edge;
use crate::endpoint::Route;
use crate::endpoints::{account, activity, api_keys, client_area, sessions, ssh_keys, two_factor};
use crate::options::Options;
use crate::unknown_route::{only, unknown_path};

/// Every endpoint of the client area with the policy it is under, in the order of the contract. One
/// that is not here is answered by nobody; one that is here needs a credential (SEC-40).
pub const ROUTES: &[Route] = &[
    Route::of::<account::Show>(),
    Route::of::<account::ChangeEmail>(),
    Route::of::<account::ChangePassword>(),
    Route::of::<two_factor::SetUp>(),
    Route::of::<two_factor::Enable>(),
    Route::of::<two_factor::Disable>(),
    Route::of::<two_factor::CountRecoveryCodes>(),
    Route::of::<two_factor::ReplaceRecoveryCodes>(),
    Route::of::<api_keys::List>(),
    Route::of::<api_keys::Create>(),
    Route::of::<api_keys::Delete>(),
    Route::of::<ssh_keys::List>(),
    Route::of::<ssh_keys::Add>(),
    Route::of::<ssh_keys::Remove>(),
    Route::of::<sessions::List>(),
    Route::of::<sessions::End>(),
    Route::of::<sessions::EndOthers>(),
    Route::of::<activity::Read>(),
    CLIENT_AREA,
];

const CLIENT_AREA: Route = Route::of::<client_area::Show>();

/// The client account API (contract 3 to 7) over `accounts`. Nests and merges anywhere; sets no
/// global layer and no fallback beyond its own paths.
///
/// Serve it with connect information, or every client's address is unknown:
///
/// ```no_run
/// use std::net::SocketAddr;
///
/// use account_axum::{Options, auth_router, router};
/// use account_core::Accounts;
///
/// async fn serve(accounts: Accounts) -> std::io::Result<()> {
///     let options = Options::default();
///     let app = router(accounts.clone(), options.clone()).merge(auth_router(accounts, options));
///     let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
///     axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
/// }
/// ```
pub fn router(accounts: Accounts, options: Options) -> Router {
    let owns_client_area = options.owns_client_area;
    let edge = Arc::new(Edge::new(accounts, options));
    let served = |route: &&Route| owns_client_area || route.path != CLIENT_AREA.path;
    let rest = if owns_client_area { "/api/client/{*rest}" } else { "/api/client/account/{*rest}" };
    ROUTES
        .iter()
        .filter(served)
        .filter(|route| is_first_of_its_path(route))
        .fold(Router::new(), |router, route| router.route(route.path, methods(route.path, &edge)))
        .route(rest, any(unknown_path))
}

fn is_first_of_its_path(route: &Route) -> bool {
    let first = ROUTES.iter().find(|other| other.path == route.path);
    first.is_some_and(|first| first.verb == route.verb)
}

/// All methods of one path, and 405 for the others.
fn methods(path: &str, edge: &Arc<Edge>) -> MethodRouter {
    let routes = ROUTES.iter().filter(|route| route.path == path);
    let allowed: Vec<&str> = routes.clone().map(|route| route.verb.allowed()).collect();
    let methods =
        routes.fold(MethodRouter::new(), |methods, route| methods.merge((route.attach)(Arc::clone(edge))));
    only(allowed.join(", "), methods)
}
