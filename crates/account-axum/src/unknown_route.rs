//! The JSON answers to a path that leads nowhere and to a method that a path does not have
//! (contract 1.3 and 16, SEC-61). Both come before authentication, as on the panel.
//!
//! No method override is honoured, and `Accept` is not asked: the answer is JSON (F-33). A router
//! that is nested names the path that the client asked for, prefix and all.

use std::sync::Arc;

use axum::extract::OriginalUri;
use axum::http::{Method, Uri};
use axum::routing::MethodRouter;

use crate::error_body::ApiError;

/// Answers 404 for a path that no route has. A handler, for fallbacks and catch-all routes.
pub async fn unknown_path(OriginalUri(uri): OriginalUri) -> ApiError {
    ApiError::route_not_found(shown(&uri))
}

/// Lets `methods` answer 405 to all that it does not have. `allowed` is the `Allow` header, in the
/// panel's order, such as `GET, HEAD, POST`.
///
/// ```
/// use account_axum::unknown_route::only;
/// use axum::{Router, routing::get};
/// let router: Router = Router::new().route("/x", only("GET, HEAD", get(async || "x")));
/// ```
pub fn only<S: Clone + Send + Sync + 'static>(
    allowed: impl Into<Arc<str>>,
    methods: MethodRouter<S>,
) -> MethodRouter<S> {
    let allowed: Arc<str> = allowed.into();
    methods.fallback(async move |method: Method, OriginalUri(uri): OriginalUri| {
        ApiError::method_not_allowed(method.as_str(), shown(&uri), &allowed)
    })
}

fn shown(uri: &Uri) -> &str {
    uri.path().trim_matches('/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::http::{Request, Response};
    use axum::routing::{any, get};
    use tower::ServiceExt;

    async fn ask(method: &str, path: &str) -> (Response<Body>, String) {
        let inner: Router = Router::new()
            .route("/api/client/account", only("GET, HEAD", get(async || "shown")))
            .route("/api/client/{*rest}", any(unknown_path));
        let router = Router::new().nest("/nested", inner.clone()).merge(inner);
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 64 * 1024).await.unwrap();
        (Response::from_parts(parts, Body::empty()), String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn sec_61_an_unknown_path_is_a_json_404() {
        let (response, body) = ask("GET", "/api/client/account/nope?x=1").await;
        assert_eq!(response.status(), 404);
        assert_eq!(response.headers()["content-type"], "application/json");
        assert!(body.contains("The route api/client/account/nope could not be found."), "{body}");
        let (_, body) = ask("POST", "/nested/api/client/a%20b").await;
        assert!(body.contains("The route nested/api/client/a%20b could not be found."), "{body}");
    }

    #[tokio::test]
    async fn sec_61_a_method_that_a_path_lacks_is_a_json_405_that_names_the_others() {
        for method in ["DELETE", "POST", "OPTIONS", "TRACE", "PROPFIND"] {
            let (response, body) = ask(method, "/api/client/account").await;
            assert_eq!(response.status(), 405);
            let allow: Vec<_> = response.headers().get_all("allow").iter().collect();
            assert_eq!(allow, ["GET, HEAD"]);
            let sentence = format!(
                "The {method} method is not supported for route api/client/account. Supported methods: GET, HEAD."
            );
            assert!(body.contains(&sentence), "{body}");
        }
        let (_, body) = ask("DELETE", "/nested/api/client/account").await;
        assert!(body.contains("not supported for route nested/api/client/account."), "{body}");
        assert_eq!(ask("HEAD", "/api/client/account").await.0.status(), 200);
    }
}
