//! Conformance, race and property tests for any store of account-core.
//!
//! [`MemoryStore`] is the contract in its plainest form, and what every other store is compared
//! with. [`ManualClock`], [`SeededEntropy`] and [`InlineHasher`] stand in for the other ports, so
//! that tests of services are fast and the same in every run; [`sample`] makes rows.

mod executor;
mod inline_hasher;
mod manual_clock;
mod memory_store;
pub mod sample;
mod seeded_entropy;

pub use executor::block_on;
pub use inline_hasher::InlineHasher;
pub use manual_clock::ManualClock;
pub use memory_store::{Budgets, MemoryStore, Model, Refusal};
pub use seeded_entropy::SeededEntropy;
