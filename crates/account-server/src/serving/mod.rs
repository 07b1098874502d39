//! The serving loop: accepts connections up to a bound, speaks HTTP/1.1 on each with patience that ends,
//! and stops in order (REL-10, REL-11). It knows nothing of accounts; it is given a router.

mod answering;
mod auth_thread;
mod body;
mod framing;
mod health;
mod limits;
mod parser_refusal;
mod patient_stream;
mod phase;
mod request_id;
mod stopping;

#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use auth_thread::AuthThread;
pub(crate) use health::{Readiness, routes as health_routes};
pub(crate) use limits::ServingLimits;
pub(crate) use request_id::RequestId;
pub(crate) use stopping::{Stopping, on_signals};

use answering::Answering;
use limits::HEAD_BYTES;
use patient_stream::PatientStream;
use phase::ConnectionPhase;

/// How long to wait where the system has no file descriptor for a connection.
const SHORT_OF_FILES: Duration = Duration::from_millis(50);

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
    let until = Instant::now() + drain;
    // One that cannot be asked any more is closed by this.
    if let Ok(listener) = listener.into_std() {
        finish_queue(listener, &places, &answering, until).await;
    }
    if timeout_at(until, places.acquire_many(all)).await.is_err() {
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
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                // Out of file descriptors, for one: others must finish first.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(SHORT_OF_FILES).await;
            }
        }
    }
}

/// Takes what the system has already accepted on our behalf, as places become free: closing the listener
/// cuts off what is left. Asks the system itself, since the runtime may not have heard of all yet.
async fn finish_queue(
    listener: std::net::TcpListener,
    places: &Arc<Semaphore>,
    answering: &Arc<Answering>,
    until: Instant,
) {
    while let Ok(Ok(place)) = timeout_at(until, Arc::clone(places).acquire_owned()).await {
        match listener.accept() {
            Ok((socket, peer)) => {
                let socket = socket.set_nonblocking(true).and_then(|()| TcpStream::from_std(socket));
                if let Ok(socket) = socket {
                    tokio::spawn(connection(socket, peer, Arc::clone(answering), place));
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return,
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => tokio::time::sleep(SHORT_OF_FILES).await,
        }
    }
}

/// Whether it is about a connection that was gone before it was taken; the next one is waiting.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
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
    let stream = PatientStream::new(socket, Arc::clone(&phase), Arc::clone(&answering));
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
