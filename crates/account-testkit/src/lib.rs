//! Conformance, race and property tests for any store of account-core.
//!
//! Whoever writes an adapter writes one line, and gets a named test for each promise of the
//! [contract](account_core::store):
//!
//! ```
//! account_testkit::conformance! { account_testkit::MemoryStore::new() }
//! # fn main() {}
//! ```
//!
//! [`MemoryStore`] is the contract in its plainest form, and what every other store is compared
//! with. [`ManualClock`], [`SeededEntropy`] and [`InlineHasher`] stand in for the other ports, so
//! that tests of services are fast and the same in every run; [`sample`] makes rows.
//!
//! There are no switches for what a store cannot do: a store that cannot is not a store. The kit
//! knows no adapter but its own.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod adapter;
mod broken;
mod cancellation;
mod cases;
mod conformance;
mod crowd;
mod differences;
mod effort;
mod examination;
mod executor;
mod inline_hasher;
mod list;
mod manual_clock;
mod memory_store;
mod operations;
#[cfg(test)]
mod planted;
mod races;
pub mod sample;
mod seeded_entropy;
mod sequences;
mod stampedes;

pub use adapter::{Adapter, Fresh, Runtime, Store, Test, on_this_thread};
pub use broken::{Broken, Proven};
pub use examination::{Finding, assert_case, case_names, examine, examine_case};
pub use executor::block_on;
pub use inline_hasher::InlineHasher;
pub use manual_clock::ManualClock;
pub use memory_store::{Budgets, MemoryStore, Model, Refusal};
pub use seeded_entropy::SeededEntropy;
