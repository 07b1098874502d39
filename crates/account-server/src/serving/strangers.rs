//! Requests of people who are not signed in yet run on threads of their own, which give way. Even without its
//! hashing a sign-in costs several times what a read does; on the threads that answer reads, and with their
//! priority, it would be what a read waits for in a storm of them.

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

/// A sign-in takes half a millisecond here and fifteen or more of hashing, so one thread serves so many that hash.
const PROCESSORS_A_THREAD: usize = 16;

/// The threads. They end when it is dropped, and what still runs on them is cut off.
pub(crate) struct Strangers(Option<Runtime>);

impl Strangers {
    /// Starts the threads.
    ///
    /// # Errors
    /// What the operating system says if it grants no thread.
    pub(crate) fn start() -> io::Result<Self> {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let runtime = Builder::new_multi_thread()
            .worker_threads(processors.div_ceil(PROCESSORS_A_THREAD))
            .thread_name("strangers")
            .on_thread_start(thread_priority::strangers)
            .enable_all()
            .build()?;
        Ok(Self(Some(runtime)))
    }

    /// The routes of `router`, answered on these threads.
    pub(crate) fn answer(&self, router: Router) -> Router {
        let Some(threads) = self.0.as_ref().map(|runtime| runtime.handle().clone()) else { return router };
        router.route_layer(from_fn(move |request, next| on(threads.clone(), request, next)))
    }
}

impl Drop for Strangers {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            // Where it is dropped, nobody may wait.
            runtime.shutdown_background();
        }
    }
}

/// The work ends with the request: a client that went away, or an answer that took too long, drops this.
async fn on(threads: Handle, request: Request, next: Next) -> Response {
    let mut work = JoinSet::new();
    match RequestId::present() {
        Some(id) => work.spawn_on(id.scope(next.run(request)), &threads),
        None => work.spawn_on(next.run(request), &threads),
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

    use axum::body::Body;
    use axum::routing::get;
    use tokio::sync::{Notify, oneshot};
    use tower::ServiceExt;

    use super::*;

    fn asked(path: &str) -> Request {
        Request::get(path).body(Body::empty()).unwrap()
    }

    async fn thread() -> String {
        format!("{:?} {:?}", std::thread::current().name(), RequestId::present().map(|id| id.to_string()))
    }

    #[tokio::test]
    async fn a_stranger_is_answered_elsewhere_and_the_log_still_knows_the_request() {
        let strangers = Strangers::start().unwrap();
        let router = strangers
            .answer(Router::new().route("/auth", get(thread)))
            .merge(Router::new().route("/account", get(thread)));
        let id = RequestId::next();
        let body = async |path| {
            let answer = id.scope(router.clone().oneshot(asked(path))).await.unwrap();
            let body = axum::body::to_bytes(answer.into_body(), 1000).await.unwrap();
            String::from_utf8(body.to_vec()).unwrap()
        };
        assert_eq!(body("/auth").await, format!("Some(\"strangers\") Some(\"{id}\")"));
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
        let strangers = Strangers::start().unwrap();
        let begun = Arc::new(Notify::new());
        let (dropped, ended) = oneshot::channel();
        let tells = Arc::new(std::sync::Mutex::new(Some(Tells(Some(dropped)))));
        let of_the_work = Arc::clone(&begun);
        let work = get(async move || {
            let _tells = tells.lock().unwrap().take();
            of_the_work.notify_one();
            std::future::pending::<()>().await;
        });
        let asked = strangers.answer(Router::new().route("/auth", work)).oneshot(asked("/auth"));
        tokio::select! {
            answer = asked => panic!("{answer:?}"),
            () = begun.notified() => {}
        }
        ended.await.unwrap();
    }

    #[tokio::test]
    async fn sec_63_a_panic_comes_back_to_where_it_is_caught() {
        let strangers = Strangers::start().unwrap();
        let failing = get(async || -> &'static str { resume_unwind(Box::new("a fault")) });
        let router = strangers.answer(Router::new().route("/auth", failing));
        let joined = tokio::spawn(router.oneshot(asked("/auth"))).await;
        assert!(joined.unwrap_err().is_panic());
    }
}
