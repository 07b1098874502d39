//! The two bodies of an exchange, each with an eye on it: the request's notes when it has arrived, the
//! answer's tells the connection when it is done with. Neither changes a byte.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::Instant;

use super::phase::{ConnectionPhase, Phase};

/// When a request's body has arrived.
#[derive(Debug, Clone)]
pub(crate) struct Arrival(Arc<OnceLock<Instant>>);

impl Arrival {
    /// When the last of it arrived; `None` while more is to come.
    pub(crate) fn completed(&self) -> Option<Instant> {
        self.0.get().copied()
    }

    fn complete(&self) {
        self.0.get_or_init(Instant::now);
    }
}

/// A request's body that notes its arrival.
pub(crate) struct ArrivingBody {
    body: Incoming,
    arrival: Arrival,
}

impl ArrivingBody {
    pub(crate) fn new(body: Incoming) -> (Self, Arrival) {
        let arrival = Arrival(Arc::default());
        (Self { body, arrival: arrival.clone() }, arrival)
    }
}

impl hyper::body::Body for ArrivingBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(frame, Poll::Ready(None)) || self.body.is_end_stream() {
            self.arrival.complete();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// A handler that leaves the rest of a body unread has all that it wants.
impl Drop for ArrivingBody {
    fn drop(&mut self) {
        self.arrival.complete();
    }
}

/// An answer's body. When it is dropped the connection is idle again.
pub(crate) struct AnswerBody {
    body: Body,
    phase: Arc<ConnectionPhase>,
}

impl AnswerBody {
    pub(crate) fn new(body: Body, phase: Arc<ConnectionPhase>) -> Self {
        Self { body, phase }
    }
}

impl hyper::body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for AnswerBody {
    fn drop(&mut self) {
        self.phase.enter(Phase::Idle);
    }
}
