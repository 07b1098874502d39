//! `GET /health/live`: the process answers. `GET /health/ready`: it can do its work, that is, the
//! database answers and no stop was asked for (REL-16). Neither says more than that.

use std::sync::Arc;
use std::time::Duration;

use account_axum::unknown_route::only;
use async_trait::async_trait;
use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::stopping::Stopping;

/// A database that takes longer to say that it is there is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether work can be done now.
#[async_trait]
pub(crate) trait Readiness: Send + Sync {
    /// Asks what the work needs, the database for one.
    async fn is_ready(&self) -> bool;
}

/// The two routes.
pub(crate) fn routes(readiness: Arc<dyn Readiness>, stopping: Stopping) -> Router {
    let ready = move || {
        let (readiness, stopping) = (Arc::clone(&readiness), stopping.clone());
        async move {
            let ready = !stopping.is_asked()
                && tokio::time::timeout(PATIENCE, readiness.is_ready()).await.unwrap_or(false);
            if ready {
                said(StatusCode::OK, "ready")
            } else {
                said(StatusCode::SERVICE_UNAVAILABLE, "not ready")
            }
        }
    };
    Router::new()
        .route("/health/live", only("GET, HEAD", get(async || said(StatusCode::OK, "live"))))
        .route("/health/ready", only("GET, HEAD", get(ready)))
}

fn said(status: StatusCode, word: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (status, headers, format!("{{\"status\":\"{word}\"}}")).into_response()
}
