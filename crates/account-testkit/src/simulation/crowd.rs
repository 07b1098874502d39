//! Requests under way, each a future that is polled when its turn comes, and not before it asked to be.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::services::{Answer, FlightId, Request};

/// A request under way.
pub(super) struct Going {
    pub(super) id: FlightId,
    pub(super) owner: usize,
    pub(super) node: usize,
    pub(super) request: Request,
    future: Pin<Box<dyn Future<Output = Answer> + Send>>,
    ready: Arc<Ready>,
}

/// Whether a future asked to be polled.
struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Going {
    pub(super) fn new(
        id: FlightId,
        owner: usize,
        node: usize,
        request: Request,
        future: impl Future<Output = Answer> + Send + 'static,
    ) -> Self {
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        Self { id, owner, node, request, future: Box::pin(future), ready }
    }

    fn is_ready(&self) -> bool {
        self.ready.0.load(Ordering::SeqCst)
    }

    /// One poll.
    pub(super) fn go_on(&mut self) -> Option<Answer> {
        self.ready.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(self.ready.clone());
        match self.future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }
}

/// Places for requests.
pub(super) struct Crowd(Vec<Option<Going>>);

impl Crowd {
    pub(super) fn new(places: usize) -> Self {
        Self(std::iter::repeat_with(|| None).take(places).collect())
    }

    /// The places where something can happen: a request can begin, or go on.
    pub(super) fn open(&self) -> Vec<usize> {
        let can = |place: &Option<Going>| place.as_ref().is_none_or(Going::is_ready);
        self.0.iter().enumerate().filter(|(_, place)| can(place)).map(|(index, _)| index).collect()
    }

    pub(super) fn at(&mut self, index: usize) -> Option<&mut Going> {
        self.0.get_mut(index).and_then(Option::as_mut)
    }

    pub(super) fn put(&mut self, index: usize, going: Going) {
        if let Some(place) = self.0.get_mut(index) {
            *place = Some(going);
        }
    }

    pub(super) fn take(&mut self, index: usize) -> Option<Going> {
        self.0.get_mut(index).and_then(Option::take)
    }

    /// Takes all requests of one node.
    pub(super) fn take_all_of(&mut self, node: usize) -> Vec<Going> {
        let is_its = |place: &mut Option<Going>| place.as_ref().is_some_and(|going| going.node == node);
        self.0.iter_mut().filter_map(|place| if is_its(place) { place.take() } else { None }).collect()
    }
}
