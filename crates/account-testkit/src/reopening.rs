//! Reopening: what was acknowledged is there when the same data is opened again, be it after an
//! orderly end or after a crash.

use account_core::store::Change;
use async_trait::async_trait;
use proptest::strategy::{Strategy as _, ValueTree as _};

use crate::adapter::{Adapter, Runtime, Store};
use crate::broken::{Broken, Proven, promise};
use crate::cases::given::{commit, registered};
use crate::effort;
use crate::memory_store::MemoryStore;
use crate::operations::sequence;
use crate::sequences::Sides;

const SEQUENCES: u32 = 12;

/// A place where data stays while no store is open: a file, a database.
#[async_trait]
pub trait Home: Send + Sync {
    /// Opens the data that is here; the first time, there is none.
    async fn open(&self) -> Store;

    /// Ends the store as a crash would, if the adapter has a way to: without finishing anything.
    /// The default closes it.
    async fn crash(&self, store: Store) {
        drop(store);
    }
}

/// How a store comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// In order.
    Close,
    /// By [`Home::crash`].
    Crash,
}

/// Only the waiting of an adapter is used here.
fn waiting(runtime: Runtime) -> Adapter {
    Adapter::new(|| async { MemoryStore::new().into() }).on(runtime)
}

/// What a test of [`reopening_conformance!`](crate::reopening_conformance) does.
///
/// # Panics
/// If something that was acknowledged is not there: that fails the test.
#[doc(hidden)]
pub fn assert_reopening(home: &dyn Home, runtime: Runtime, leaving: Leaving) {
    fail_if_broken(reopened(home, runtime, leaving));
}

/// What a test of [`reopening_conformance!`](crate::reopening_conformance) does.
///
/// # Panics
/// If a number is given twice: that fails the test.
#[doc(hidden)]
pub fn assert_numbers_after_reopening(home: &dyn Home, runtime: Runtime) {
    fail_if_broken(numbers(home, runtime));
}

#[expect(clippy::panic, reason = "a test fails by panicking")]
fn fail_if_broken(proven: Proven) {
    if let Err(broken) = proven {
        panic!("\n{broken}\n");
    }
}

fn reopened(home: &dyn Home, runtime: Runtime, leaving: Leaving) -> Proven {
    let adapter = waiting(runtime);
    let mut runner = effort::runner(SEQUENCES);
    for _ in 0..SEQUENCES.saturating_mul(effort::factor()) {
        let drawn = sequence().new_tree(&mut runner);
        let operations =
            drawn.map_err(|reason| Broken::new(format!("nothing was drawn: {reason}")))?.current();
        adapter.prove(async {
            let mut sides = Sides::default();
            let mut store = home.open().await;
            crate::sequences::clear(&store).await?;
            let middle = operations.len() / 2;
            for (place, operation) in operations.iter().enumerate() {
                if place == middle {
                    leave(home, store, leaving).await;
                    store = home.open().await;
                }
                sides.play(&store, operation).await?;
            }
            leave(home, store, leaving).await;
            let store = home.open().await;
            let compared = sides.compare(&store).await;
            drop(store);
            compared.map_err(|broken| Broken::new(format!("after opening the same data again: {broken}")))
        })?;
    }
    Ok(())
}

async fn leave(home: &dyn Home, store: Store, leaving: Leaving) {
    match leaving {
        Leaving::Close => drop(store),
        Leaving::Crash => home.crash(store).await,
    }
}

fn numbers(home: &dyn Home, runtime: Runtime) -> Proven {
    waiting(runtime).prove(async {
        let mut given = Vec::new();
        for n in 1..=4 {
            let store = home.open().await;
            let id = registered(&store, n).await?;
            promise!(
                !given.contains(&id),
                "account number {id} was given again after the data was opened anew, though its account was only deleted"
            );
            given.push(id);
            commit(&store, id, vec![Change::DeleteAccount]).await?;
            drop(store);
        }
        Ok(())
    })
}
