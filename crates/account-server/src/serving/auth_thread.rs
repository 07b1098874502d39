//! Signing in, and what belongs to it, runs on a thread of its own, which gives way. Even without its hashing a
//! sign-in costs several times what a read does; on the threads that answer reads, and with their priority, it
//! would be what a read waits for in a storm of them.

use std::io;
use std::panic::resume_unwind;
use std::time::Duration;

use account_axum::error_body::ApiError;
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

use super::request_id::RequestId;
use crate::thread_priority;

/// A sign-in needs it for half a millisecond, and a thread that hashes for far longer.
const THREADS: usize = 1;
/// What is cut off has so long to let go of what it holds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The thread, with a runtime.
pub(crate) struct AuthThread(Option<Runtime>);

impl AuthThread {
    /// Starts it.
    ///
    /// # Errors
    /// What the operating system says if it grants no thread.
    pub(crate) fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("auth")
            .on_thread_start(thread_priority::signing_in)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// A router whose requests are answered there.
    pub(crate) fn carry(&self, router: Router) -> Router {
        let Some(thread) = self.0.as_ref().map(|runtime| runtime.handle().clone()) else { return router };
        router.route_layer(from_fn(move |request, next| carried(thread.clone(), request, next)))
    }

    /// Ends it, and waits for what still runs there to be dropped, since that holds the database.
    pub(crate) async fn stop(mut self) {
        if let Some(runtime) = self.0.take() {
            // It waits for the thread, which a task must not.
            let ended = tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await;
            // A panic there was printed when it happened.
            drop(ended);
        }
    }
}

/// Where the program could not start. Nobody may wait there.
impl Drop for AuthThread {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

/// The work ends with the request: a client that went away, or an answer that took too long, drops this.
async fn carried(thread: Handle, request: Request, next: Next) -> Response {
    let mut work = JoinSet::new();
    match RequestId::present() {
        Some(id) => work.spawn_on(id.scope(next.run(request)), &thread),
        None => work.spawn_on(next.run(request), &thread),
    };
    match work.join_next().await {
        Some(Ok(answer)) => answer,
        Some(Err(ended)) if ended.is_panic() => resume_unwind(ended.into_panic()),
        // The program ends.
        Some(Err(_)) | None => ApiError::unavailable(Duration::from_secs(1)).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::body::Body;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tokio::sync::{Notify, oneshot};
    use tokio::time::timeout;
    use tower::ServiceExt;

    use super::*;

    fn asked(path: &str) -> Request {
        Request::get(path).body(Body::empty()).unwrap()
    }

    async fn answered_by() -> String {
        format!("{:?} {:?}", std::thread::current().name(), RequestId::present().map(|id| id.to_string()))
    }

    #[tokio::test]
    async fn an_answer_comes_from_the_thread_and_the_log_still_knows_the_request() {
        let thread = AuthThread::start().unwrap();
        let router = thread
            .carry(Router::new().route("/auth", get(answered_by)))
            .merge(Router::new().route("/account", get(answered_by)));
        let id = RequestId::next();
        let body = async |path| {
            let answer = id.scope(router.clone().oneshot(asked(path))).await.unwrap();
            let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        };
        assert_eq!(body("/auth").await, format!("Some(\"auth\") Some(\"{id}\")"));
        let here = format!("{:?} Some(\"{id}\")", std::thread::current().name());
        assert_eq!(body("/account").await, here);
    }

    #[tokio::test]
    async fn rel_08_the_work_ends_when_its_request_goes_away() {
        struct Tells(Option<oneshot::Sender<()>>);
        impl Drop for Tells {
            fn drop(&mut self) {
                let _ = self.0.take().map(|dropped| dropped.send(()));
            }
        }
        let thread = AuthThread::start().unwrap();
        let begun = Arc::new(Notify::new());
        let (dropped, ended) = oneshot::channel();
        let tells = Arc::new(std::sync::Mutex::new(Some(Tells(Some(dropped)))));
        let of_the_work = Arc::clone(&begun);
        let work = get(async move || {
            let _tells = tells.lock().unwrap().take();
            of_the_work.notify_one();
            std::future::pending::<()>().await;
        });
        let asked = thread.carry(Router::new().route("/auth", work)).oneshot(asked("/auth"));
        tokio::select! {
            answer = asked => panic!("{answer:?}"),
            () = begun.notified() => {}
        }
        timeout(Duration::from_secs(60), ended).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_still_runs_when_it_stops_is_waited_for() {
        struct Slow(Arc<AtomicBool>);
        impl Drop for Slow {
            fn drop(&mut self) {
                std::thread::park_timeout(Duration::from_millis(200));
                self.0.store(true, Ordering::SeqCst);
            }
        }
        let thread = AuthThread::start().unwrap();
        let (closed, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
        let (of_the_work, beginning) = (Arc::clone(&closed), Arc::clone(&begun));
        let work = get(async move || {
            let _database = Slow(of_the_work);
            beginning.notify_one();
            std::future::pending::<()>().await;
        });
        let asking = tokio::spawn(thread.carry(Router::new().route("/auth", work)).oneshot(asked("/auth")));
        begun.notified().await;
        thread.stop().await;
        assert!(closed.load(Ordering::SeqCst));
        assert_eq!(asking.await.unwrap().unwrap().status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    #[tokio::test]
    async fn sec_63_a_panic_comes_back_to_where_it_is_caught() {
        let thread = AuthThread::start().unwrap();
        let failing = get(async || -> &'static str { resume_unwind(Box::new("a fault")) });
        let router = thread.carry(Router::new().route("/auth", failing));
        let joined = tokio::spawn(router.oneshot(asked("/auth"))).await;
        assert!(joined.unwrap_err().is_panic());
    }
}
