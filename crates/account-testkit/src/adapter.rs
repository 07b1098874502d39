//! What the kit must know of an adapter: how to get a new, empty store, and how to wait for it.

use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use account_core::ports::throttle::Throttle;
use account_core::store::AccountStore;

use crate::broken::Broken;
use crate::executor;

/// Any store.
pub type Store = Arc<dyn AccountStore>;

/// A test to be run to its end.
pub type Test<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Waits for a test: the runtime that a store needs. May be called from several threads at once,
/// and must then drive all of them.
pub type Runtime = for<'a> fn(Test<'a>);

/// Waits without a runtime, on the caller's thread.
pub fn on_this_thread(test: Test<'_>) {
    executor::block_on(test);
}

/// A new and empty store, and what must live as long as it does: a folder, a database.
///
/// ```
/// use account_testkit::{Fresh, MemoryStore};
/// let plain: Fresh = MemoryStore::new().into();
/// let folder = "a guard that removes its folder when dropped";
/// let kept: Fresh = Fresh::from(MemoryStore::new()).keeping(folder);
/// # drop((plain, kept));
/// ```
///
/// `P` is the port: [`AccountStore`], or [`Throttle`] for [`throttle_conformance!`](crate::throttle_conformance).
pub struct Fresh<P: ?Sized = dyn AccountStore> {
    openings: Vec<Arc<P>>,
    // Declared, and so dropped, after the stores.
    kept: Vec<Box<dyn Any + Send>>,
}

impl<S: AccountStore + 'static> From<S> for Fresh {
    fn from(store: S) -> Self {
        Self { openings: vec![Arc::new(store)], kept: Vec::new() }
    }
}

impl<T: Throttle + 'static> From<T> for Fresh<dyn Throttle> {
    fn from(throttle: T) -> Self {
        Self { openings: vec![Arc::new(throttle)], kept: Vec::new() }
    }
}

impl<P: ?Sized> Fresh<P> {
    /// The same data, opened once more, as another node does. Races then go over all openings.
    #[must_use]
    pub fn opened_again(mut self, again: impl Into<Self>) -> Self {
        let Self { openings, kept } = again.into();
        self.openings.extend(openings);
        self.kept.extend(kept);
        self
    }

    /// Drops `guard` after the store.
    #[must_use]
    pub fn keeping(mut self, guard: impl Any + Send) -> Self {
        self.kept.push(Box::new(guard));
        self
    }

    /// The store; of several openings, the first.
    pub(crate) fn store(&self) -> Result<Arc<P>, Broken> {
        self.opening(0)
    }

    /// The store of the actor with this number.
    pub(crate) fn opening(&self, actor: usize) -> Result<Arc<P>, Broken> {
        let index = actor.checked_rem(self.openings.len()).unwrap_or(0);
        self.openings.get(index).cloned().ok_or_else(|| Broken::new("there is no store"))
    }
}

impl<P: ?Sized> fmt::Debug for Fresh<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh")
            .field("openings", &self.openings.len())
            .field("kept", &self.kept.len())
            .finish()
    }
}

/// An adapter under examination.
pub struct Adapter<P: ?Sized = dyn AccountStore> {
    fresh: Making<P>,
    runtime: Runtime,
}

type Making<P> = Box<dyn Fn() -> Pin<Box<dyn Future<Output = Fresh<P>> + Send>> + Send + Sync>;

impl<P: ?Sized + Send + Sync + 'static> Adapter<P> {
    /// `fresh` makes a new, empty store each time; no runtime is needed.
    pub fn new<F>(fresh: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Fresh<P>> + Send + 'static,
    {
        Self { fresh: Box::new(move || Box::pin(fresh())), runtime: on_this_thread }
    }

    /// The store needs this runtime.
    #[must_use]
    pub fn on(mut self, runtime: Runtime) -> Self {
        self.runtime = runtime;
        self
    }

    /// Waits for a future on the adapter's runtime.
    pub(crate) fn wait<T: Send>(&self, future: impl Future<Output = T> + Send) -> Result<T, Broken> {
        let mut output = None;
        (self.runtime)(Box::pin(async {
            output = Some(future.await);
        }));
        output.ok_or_else(|| Broken::new("the runtime returned before the test had come to its end"))
    }

    /// Waits for one step that may break a promise.
    pub(crate) fn prove<T: Send>(
        &self,
        future: impl Future<Output = Result<T, Broken>> + Send,
    ) -> Result<T, Broken> {
        self.wait(future)?
    }

    /// A new, empty store.
    pub(crate) fn fresh(&self) -> Result<Fresh<P>, Broken> {
        self.wait((self.fresh)())
    }

    /// Closes a store where its runtime is.
    pub(crate) fn close(&self, fresh: Fresh<P>) -> Result<(), Broken> {
        self.wait(async move { drop(fresh) })
    }
}

impl<P: ?Sized> fmt::Debug for Adapter<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adapter").finish_non_exhaustive()
    }
}
