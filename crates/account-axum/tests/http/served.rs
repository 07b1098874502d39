//! A router served on a port of its own on the loopback, over real HTTP, until it is dropped.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::Router;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A running server.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    /// The same router behind `::1`, where this machine has it.
    pub(crate) over_ipv6: Option<SocketAddr>,
    runtime: Option<Runtime>,
}

impl Served {
    pub(crate) fn new(router: Router) -> Self {
        Self::made(async || (router, ())).0
    }

    /// Makes the router on the runtime that serves it.
    pub(crate) fn made<T>(make: impl AsyncFnOnce() -> (Router, T)) -> (Self, T) {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let (router, made) = runtime.block_on(make());
        let address = serve(&runtime, router.clone(), (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let over_ipv6 = serve(&runtime, router, (Ipv6Addr::LOCALHOST, 0).into());
        (Self { address, over_ipv6, runtime: Some(runtime) }, made)
    }

    /// Runs a future on the server's own runtime.
    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.as_ref().unwrap().block_on(future)
    }
}

fn serve(runtime: &Runtime, router: Router, wanted: SocketAddr) -> Option<SocketAddr> {
    let listener = runtime.block_on(TcpListener::bind(wanted)).ok()?;
    let address = listener.local_addr().unwrap();
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    runtime.spawn(async move { axum::serve(listener, service).await.unwrap() });
    Some(address)
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
