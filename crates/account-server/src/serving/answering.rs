//! Answers one request: refuses what must not reach a route, gives the router its time, catches a panic,
//! and puts the headers on that are the server's affair. What the answer says is the router's.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use account_axum::error_body::ApiError;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{
    CONNECTION, HOST, STRICT_TRANSPORT_SECURITY, TRANSFER_ENCODING, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use axum::response::IntoResponse;
use futures_util::FutureExt;
use hyper::body::{Body as _, Incoming};
use tokio::time::{Instant, sleep_until, timeout};
use tower::Service;

use super::body::{AnswerBody, Arrival, ArrivingBody};
use super::limits::ServingLimits;
use super::phase::{ConnectionPhase, Phase};
use super::request_id::RequestId;
use super::stopping::Stopping;

/// The longest path, in bytes (SEC-59).
const LONGEST_PATH: usize = 8 * 1024;
const CLOSE: HeaderValue = HeaderValue::from_static("close");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const HSTS: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// The header that every refusal of the server's has.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all connections share.
pub(crate) struct Answering {
    pub(crate) router: Router,
    pub(crate) limits: ServingLimits,
    pub(crate) stopping: Stopping,
    /// Whether browsers come over TLS, by the public URL.
    pub(crate) tls: bool,
}

impl Answering {
    /// Answers `request` of the connection whose phase this is.
    pub(crate) async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
        phase: Arc<ConnectionPhase>,
    ) -> Result<Response<AnswerBody>, Infallible> {
        phase.enter(Phase::Busy);
        let id = RequestId::next();
        let ambiguous = phase.next_is_ambiguous();
        let one_host = names_one_host(&request);
        // A length in two places is settled by the transfer coding, and nothing that follows is a request.
        let close = request.headers().contains_key(TRANSFER_ENCODING) || ambiguous || !one_host;
        let seen = tracing::enabled!(tracing::Level::DEBUG).then(|| Seen::of(&request));
        let answer = match refusal(&request, ambiguous, one_host) {
            Some(refusal) => refusal.into_response(),
            None => id.scope(self.routed(request, peer)).await,
        };
        let answer = self.stamped(answer, id, close);
        if let Some(seen) = seen {
            seen.log(id, answer.status());
        }
        Ok(answer.map(|body| AnswerBody::new(body, phase)))
    }

    async fn routed(&self, request: Request<Incoming>, peer: SocketAddr) -> Response<Body> {
        let (mut parts, body) = request.into_parts();
        parts.extensions.insert(ConnectInfo(peer));
        if body.is_end_stream() {
            let work = self.guarded(Request::from_parts(parts, Body::empty()));
            return timeout(self.limits.answer, work).await.unwrap_or_else(|_| too_late());
        }
        let (body, arrival) = ArrivingBody::new(body);
        let work = self.guarded(Request::from_parts(parts, Body::new(body)));
        self.with_body(work, &arrival).await
    }

    /// The body has its time, and then the answer has its own.
    async fn with_body(
        &self,
        work: impl Future<Output = Response<Body>>,
        arrival: &Arrival,
    ) -> Response<Body> {
        let mut work = std::pin::pin!(work);
        let begun = Instant::now();
        let timer = sleep_until(begun + self.limits.answer);
        let mut timer = std::pin::pin!(timer);
        loop {
            tokio::select! {
                biased;
                answer = work.as_mut() => return answer,
                () = timer.as_mut() => {}
            }
            let arrived = arrival.completed();
            let due = arrived.map_or(begun + self.limits.body, |then| then + self.limits.answer);
            let now = Instant::now();
            match arrived {
                Some(_) if now >= due => return too_late(),
                None if now >= due => return too_slow(),
                // While the body is on its way, look again in time to give the answer its due after it.
                _ => timer.as_mut().reset(due.min(now + self.limits.answer)),
            }
        }
    }

    /// The router's answer, or 500 if it panicked (SEC-63). The panic hook has logged it.
    async fn guarded(&self, request: Request<Body>) -> Response<Body> {
        let mut router = self.router.clone();
        let work = AssertUnwindSafe(async move { router.call(request).await });
        match work.catch_unwind().await {
            Ok(Ok(answer)) => answer,
            Ok(Err(never)) => match never {},
            Err(_) => ApiError::internal().into_response(),
        }
    }

    /// The answer to a request that the HTTP parser refused; the connection ends with it.
    pub(crate) fn unparsed(&self, refusal: ApiError) -> Response<Body> {
        let id = RequestId::next();
        tracing::info!(request = %id, status = refusal.status().as_u16(), "no HTTP request");
        self.stamped(refusal.into_response(), id, true)
    }

    fn stamped(&self, mut answer: Response<Body>, id: RequestId, close: bool) -> Response<Body> {
        let failed = answer.status().is_client_error() || answer.status().is_server_error();
        let headers = answer.headers_mut();
        headers.entry(X_CONTENT_TYPE_OPTIONS).or_insert(NO_SNIFF);
        if failed {
            headers.insert(REQUEST_ID, id.header());
        }
        if self.tls {
            headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
        }
        if close || self.stopping.is_asked() {
            headers.insert(CONNECTION, CLOSE);
        }
        answer
    }
}

/// What is refused before any route is looked for.
fn refusal(request: &Request<Incoming>, ambiguous: bool, one_host: bool) -> Option<ApiError> {
    if ambiguous {
        return Some(ApiError::bad_request("The length of the request is given in more than one way."));
    }
    if !is_plainly_coded(request) {
        return Some(ApiError::bad_request("The only transfer coding understood is chunked."));
    }
    if !one_host {
        return Some(ApiError::bad_request("The request must name one host."));
    }
    if request.uri().path().len() > LONGEST_PATH {
        return Some(ApiError::uri_too_long());
    }
    if *request.method() == Method::CONNECT {
        return Some(ApiError::method_not_allowed("CONNECT", "", "GET, HEAD, POST, PUT, DELETE"));
    }
    None
}

/// Whether the body comes in no transfer coding, or once in `chunked` (SEC-60).
fn is_plainly_coded(request: &Request<Incoming>) -> bool {
    let mut codings = request.headers().get_all(TRANSFER_ENCODING).iter();
    let first = codings.next().is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    first && codings.next().is_none()
}

/// RFC 9112 section 3.2: HTTP/1.1 asks for one `Host`.
fn names_one_host(request: &Request<Incoming>) -> bool {
    let hosts = request.headers().get_all(HOST).iter().count();
    hosts == 1 || (hosts == 0 && request.version() == Version::HTTP_10)
}

fn too_late() -> Response<Body> {
    tracing::warn!("a request took too long");
    ApiError::unavailable(Duration::from_secs(1)).into_response()
}

fn too_slow() -> Response<Body> {
    let error = ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "RequestTimeoutHttpException",
        "The request took too long to arrive.",
    );
    let mut answer = error.into_response();
    answer.headers_mut().insert(CONNECTION, CLOSE);
    answer
}

/// What the log says about a request: never its path, query, headers or body, since people paste whole tokens
/// into paths (SEC-64). Refusals name the route, where they are made.
struct Seen {
    method: Method,
    begun: Instant,
}

impl Seen {
    fn of(request: &Request<Incoming>) -> Self {
        Self { method: request.method().clone(), begun: Instant::now() }
    }

    fn log(self, id: RequestId, status: StatusCode) {
        let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(request = %id, method = %self.method, status = status.as_u16(), micros, "answered");
    }
}
