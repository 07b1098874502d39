//! What a hash costs, and the floor below which no program starts.

use thiserror::Error;

use super::phc;
use crate::password::PasswordHash;
use crate::ports::keyring::KeyName;

/// The most memory that a hash may ask for, stored ones included: 256 MiB (SEC-07).
const MAX_MEMORY_KIB: u32 = 256 * 1024;
const MAX_ITERATIONS: u32 = 16;
const MAX_PARALLELISM: u32 = 8;

/// The costs of an Argon2id hash.
///
/// ```
/// use account_core::ports::hasher::Argon2Params;
/// assert_eq!(Argon2Params::default().memory_kib, 19_456);
/// assert!(Argon2Params::hardened().check().is_ok());
/// assert!(Argon2Params { iterations: 1, ..Argon2Params::default() }.check().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argon2Params {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over the memory.
    pub iterations: u32,
    /// Lanes. They are computed one after the other: more of them only help an attacker.
    pub parallelism: u32,
}

/// Parameters that are weaker than SEC-06 allows, or above the bounds of SEC-07.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error(
    "argon2 parameters m={} KiB, t={}, p={} are below the floor (m=19456, t=2, or its equals) or above m=262144, t=16, p=8",
    .0.memory_kib, .0.iterations, .0.parallelism
)]
pub struct UnfitParams(pub Argon2Params);

impl Default for Argon2Params {
    /// 19 MiB, two passes, one lane (SEC-06).
    fn default() -> Self {
        Self { memory_kib: 19_456, iterations: 2, parallelism: 1 }
    }
}

impl Argon2Params {
    /// 46 MiB, one pass, one lane: dearer for graphics cards (SEC-06).
    pub const fn hardened() -> Self {
        Self { memory_kib: 47_104, iterations: 1, parallelism: 1 }
    }

    /// Whether these may be used for new hashes.
    ///
    /// # Errors
    /// [`UnfitParams`] if they are below the OWASP table (SEC-06) or above the bounds of SEC-07.
    pub fn check(&self) -> Result<(), UnfitParams> {
        let least = match self.iterations {
            0 => return Err(UnfitParams(*self)),
            1 => 47_104,
            2 => 19_456,
            3 => 12_288,
            4 => 9_216,
            _ => 7_168,
        };
        if self.within_bounds() && self.memory_kib >= least { Ok(()) } else { Err(UnfitParams(*self)) }
    }

    /// Whether a hash with these may be computed at all (SEC-07).
    pub(super) fn within_bounds(&self) -> bool {
        (1..=MAX_PARALLELISM).contains(&self.parallelism)
            && (1..=MAX_ITERATIONS).contains(&self.iterations)
            && (self.parallelism.saturating_mul(8)..=MAX_MEMORY_KIB).contains(&self.memory_kib)
    }

    /// Whether nothing here is less than in `wanted`.
    pub(super) fn at_least(&self, wanted: &Self) -> bool {
        self.memory_kib >= wanted.memory_kib
            && self.iterations >= wanted.iterations
            && self.parallelism >= wanted.parallelism
    }

    /// A hash that costs as much to check as a new one and that no password fits. Checked when a
    /// sign-in names no account, so that timing tells nothing (F-20).
    pub fn dummy_hash(&self, pepper: &KeyName) -> PasswordHash {
        phc::print(self, pepper, b"no account, salt", &[0x5a; 32])
    }
}
