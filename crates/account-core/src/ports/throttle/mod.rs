//! Budgets for guesses, mails and changes: reserved before the work, given back on success, and
//! counted on their own, so that a refused, failed or cancelled request keeps its count.
//!
//! The arithmetic is here, pure and once ([`Level`]); an implementation only remembers levels. The
//! in-memory default serves one node; both stores bring one that all nodes share. What is limited
//! how is policy, not this module's affair.

mod budget;
mod in_memory;

pub use budget::{Budget, Level, Refill, ThrottleKey};
pub use in_memory::InMemoryThrottle;

use std::time::Duration;

use async_trait::async_trait;

use crate::store::StoreResult;
use crate::time::Timestamp;

/// What asking for a budget came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// One was taken from each budget.
    Taken,
    /// At least one budget is used up; nothing was taken. Worth trying again after this time, when the
    /// last of them has one again.
    Wait(Duration),
}

/// Remembers how much of each budget is used.
///
/// Taking is atomic over all given budgets, and exact under any number of callers at once
/// (SEC-15). Memory is bounded: a level that has expired may be forgotten at any time.
#[async_trait]
pub trait Throttle: Send + Sync {
    /// Takes one from every budget, or from none. Durable before it answers, where the throttle is.
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict>;

    /// Gives back to every budget one that was taken at `taken_at`; one that is unused stays so, and one that
    /// began anew since.
    async fn give_back(&self, budgets: &[Budget], taken_at: Timestamp) -> StoreResult<()>;

    /// Remembers a key until a time; a later time wins.
    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()>;

    /// Whether a key is remembered at `now`.
    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool>;

    /// Forgets up to `limit` expired levels; answers how many.
    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64>;
}
