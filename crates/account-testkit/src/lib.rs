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
//! What runs then, in layers:
//! 1. *Cases*: one behaviour each, one caller at a time.
//! 2. *Sequences*: drawn operations on the store and on the model; every answer, and all that can be
//!    read in the end, are equal. What fails is shrunk to the fewest operations.
//! 3. *Races*: two to four operations at once; right if some order, one after the other, explains
//!    the answers and what is left. Then *stampedes*: 32 spenders of one code, 40 keys at a limit of 25.
//! 4. *Cancellation*: a call whose caller leaves at any of its polls is done or not, nothing between.
//! 5. *Reopening*, for stores that keep their data: [`reopening_conformance!`].
//!
//! A store that is a [throttle](account_core::ports::throttle) too proves it with
//! [`throttle_conformance!`]. `ACCOUNT_TEST_CASES=20` draws twenty times as many cases,
//! `ACCOUNT_TEST_SEED=7` draws others.
//!
//! For tests of what stands above stores: [`MemoryStore`] is the contract in its plainest form, and
//! what every other store is compared with; [`FaultyStore`] fails when it is told to;
//! [`ManualClock`], [`SeededEntropy`] and [`InlineHasher`] stand in for the other ports, so that such
//! tests are fast and the same in every run; [`sample`] makes rows.
//!
//! A whole adapter as an example is in `examples/redb_adapter`; `docs/writing-an-adapter.md` of the
//! repository goes through it.
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
mod faulty_store;
mod inline_hasher;
mod list;
mod manual_clock;
mod memory_store;
mod operations;
#[cfg(test)]
mod planted;
mod races;
mod reopening;
pub mod sample;
mod seeded_entropy;
mod sequences;
pub mod services;
pub mod simulation;
mod stampedes;
mod throttle;

#[doc(hidden)]
pub use account_core::ports::throttle::Throttle;
pub use adapter::{Adapter, Fresh, Runtime, Store, Test, on_this_thread};
pub use broken::{Broken, Proven};
pub use examination::{Finding, assert_case, case_names, examine, examine_case};
pub use executor::block_on;
pub use faulty_store::{FaultyStore, StoreFault};
pub use inline_hasher::InlineHasher;
pub use manual_clock::ManualClock;
pub use memory_store::{Budgets, MemoryStore, Model, Refusal};
pub use reopening::{Home, Leaving, assert_numbers_after_reopening, assert_reopening};
pub use seeded_entropy::SeededEntropy;
pub use throttle::{assert_throttle_case, examine_throttle};
