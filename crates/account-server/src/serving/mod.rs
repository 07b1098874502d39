//! The serving loop: accepts connections up to a bound, speaks HTTP/1.1 on each with patience that ends,
//! and stops in order (REL-10, REL-11). It knows nothing of accounts; it is given a router.

mod answering;
mod body;
mod framing;
mod health;
mod limits;
mod patient_stream;
mod phase;
mod request_id;
mod stopping;

#[cfg(test)]
mod tests;

use std::future::poll_fn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub(crate) use health::{Readiness, routes as health_routes};
pub(crate) use limits::ServingLimits;
pub(crate) use request_id::RequestId;
pub(crate) use stopping::{Stopping, on_signals};

use answering::Answering;
use limits::HEAD_BYTES;
use patient_stream::PatientStream;
use phase::ConnectionPhase;

/// Serves `router` on `listener` until a stop is asked for, then until what runs has finished or its
/// time is over. The listener closes at once.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServingLimits,
    tls: bool,
    mut stopping: Stopping,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let all = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let drain = limits.drain;
    let answering = Arc::new(Answering { router, limits, stopping: stopping.clone(), tls });
    loop {
        tokio::select! {
            biased;
            () = stopping.asked() => break,
            (socket, peer, place) = next(&listener, &places) => {
                tokio::spawn(connection(socket, peer, Arc::clone(&answering), place));
            }
        }
    }
    finish_queue(&listener, &places, &answering).await;
    drop(listener);
    if timeout(drain, places.acquire_many(all)).await.is_err() {
        tracing::warn!("some requests did not finish in time and are cut off");
    }
}

/// The next connection, once there is a place for it.
async fn next(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
    loop {
        let Ok(place) = Arc::clone(places).acquire_owned().await else {
            // Nobody closes the semaphore.
            std::future::pending::<()>().await;
            continue;
        };
        match listener.accept().await {
            Ok((socket, peer)) => return (socket, peer, place),
            Err(error) => {
                // Out of file descriptors, for one: others must finish first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Takes what the system has already accepted on our behalf: closing the listener would cut it off.
async fn finish_queue(listener: &TcpListener, places: &Arc<Semaphore>, answering: &Arc<Answering>) {
    while let Ok(place) = Arc::clone(places).try_acquire_owned() {
        let accepted = poll_fn(|cx| match listener.poll_accept(cx) {
            Poll::Ready(accepted) => Poll::Ready(accepted.ok()),
            Poll::Pending => Poll::Ready(None),
        });
        let Some((socket, peer)) = accepted.await else { return };
        tokio::spawn(connection(socket, peer, Arc::clone(answering), place));
    }
}

/// Serves one connection to its end.
async fn connection(
    socket: TcpStream,
    peer: SocketAddr,
    answering: Arc<Answering>,
    _place: OwnedSemaphorePermit,
) {
    // Answers are small and written whole: waiting for more would only delay them.
    let _ = socket.set_nodelay(true);
    let phase = Arc::new(ConnectionPhase::default());
    let stream = PatientStream::new(socket, Arc::clone(&phase), &answering.limits);
    let mut stopping = answering.stopping.clone();
    let farewell = answering.limits.farewell;
    let service = service_fn(move |request| Arc::clone(&answering).answer(request, peer, Arc::clone(&phase)));
    let served = http1::Builder::new().max_buf_size(HEAD_BYTES).serve_connection(stream, service);
    let mut served = std::pin::pin!(served);
    tokio::select! {
        biased;
        // Errors here are the client's: it went away, was too slow, or does not speak HTTP.
        _ = served.as_mut() => return,
        () = stopping.asked() => {}
    }
    if timeout(farewell, served.as_mut()).await.is_err() {
        served.as_mut().graceful_shutdown();
        let _ = served.await;
    }
}
