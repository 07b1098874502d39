//! A number for each request, so that an answer and the log's lines about it can be brought together
//! (SEC-63). It says nothing about the client and is no secret.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderValue;

static NEXT: AtomicU64 = AtomicU64::new(1);

tokio::task_local! {
    static PRESENT: RequestId;
}

/// The number of one request since the process started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequestId(u64);

impl RequestId {
    /// The next request's.
    pub(crate) fn next() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The request that the present task answers, if it answers one.
    pub(crate) fn present() -> Option<Self> {
        PRESENT.try_with(|id| *id).ok()
    }

    /// Runs `work` as the work for this request.
    pub(crate) fn scope<W: Future>(self, work: W) -> impl Future<Output = W::Output> {
        PRESENT.scope(self, work)
    }

    /// As a header's value.
    pub(crate) fn header(self) -> HeaderValue {
        HeaderValue::try_from(self.to_string()).unwrap_or(HeaderValue::from_static("0"))
    }
}

/// The process's number is a part of it: after a restart the numbers begin again.
impl fmt::Display for RequestId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:x}-{:x}", std::process::id(), self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_work_for_a_request_knows_its_number() {
        let id = RequestId::next();
        assert_eq!(RequestId::present(), None);
        assert_eq!(id.scope(async { RequestId::present() }).await, Some(id));
        assert_ne!(RequestId::next(), id);
    }
}
