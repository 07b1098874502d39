//! How a thread that writes starts.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::open::OpenError;

/// What an application wants done first on each, for instance to lower its priority.
pub(crate) type OnStart = Option<Arc<dyn Fn() + Send + Sync>>;

/// A hook that panics leaves the thread as it was.
pub(super) fn start(
    name: &str,
    on_start: &OnStart,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, OpenError> {
    let on_start = on_start.clone();
    let body = move || {
        if let Some(on_start) = on_start {
            let _ = catch_unwind(AssertUnwindSafe(|| on_start()));
        }
        body();
    };
    Builder::new().name(name.into()).spawn(body).map_err(OpenError::Thread)
}
