//! A store in memory: the contract of [`account_core::store`] in its plainest form, and the model
//! that the kit compares every other store with.
//!
//! What is stored is a value, [`Model`]: synchronous, cloned at will, without a clock or a lock.
//! [`MemoryStore`] puts it behind a mutex and answers the contract's traits. It keeps nothing when
//! the program ends, so it is for tests and trials.

mod budgets;
mod model;
mod names;
mod outbox;
mod ports;
mod questions;
mod row;
mod trail;
mod upkeep;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use budgets::Budgets;
pub use model::{Model, Refusal};

/// A [`Model`] that many may use at once. Clones share what is stored.
///
/// ```
/// use account_core::store::AccountRepository as _;
/// use account_testkit::{MemoryStore, block_on, sample};
/// # use account_core::store::AccountStore as _;
///
/// let store = MemoryStore::new();
/// let id = block_on(store.register(&sample::new_account(1), &[]))?;
/// let before = store.snapshot();
/// assert_eq!(block_on(store.account(id))?.map(|account| account.id), Some(id));
/// assert_eq!(MemoryStore::holding(before).snapshot(), store.snapshot());
/// # Ok::<(), account_core::store::StoreError>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore(Arc<Mutex<Model>>);

impl MemoryStore {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// One that holds what `model` does.
    pub fn holding(model: Model) -> Self {
        Self(Arc::new(Mutex::new(model)))
    }

    /// What is stored now.
    pub fn snapshot(&self) -> Model {
        self.lock().clone()
    }

    /// Asks or changes what is stored, alone.
    pub fn with<T>(&self, work: impl FnOnce(&mut Model) -> T) -> T {
        work(&mut self.lock())
    }

    // The model changes nothing before it knows that it can: a panic leaves it whole.
    fn lock(&self) -> MutexGuard<'_, Model> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
