//! The password hasher: Argon2id with the keyring's pepper and the account's uid, so that a hash
//! copied to another account fits nobody, and a stolen table cannot be guessed at without the key.
//!
//! [`Argon2Kernel`] computes, blocking; [`HashingThreads`] is the port's production default and runs
//! it on a few threads of its own, behind a bounded queue. Neither needs an async runtime, and
//! neither looks at accounts, budgets or policy.
//!
//! ```
//! use account_core::password::{NewPassword, Password, PasswordPolicy};
//! use account_core::ports::entropy::OsEntropy;
//! use account_core::ports::hasher::{Argon2Kernel, HashRequest, HashingMemory, VerifyRequest, fresh_salt};
//! use account_core::ports::keyring::Keyring;
//!
//! let ring = Keyring::parse(&Keyring::generate(&OsEntropy)?)?;
//! let (kernel, mut memory, account) = (Argon2Kernel::default(), HashingMemory::default(), [7; 16]);
//! let new = NewPassword::parse("correct horse", &PasswordPolicy::default(), &[]).unwrap();
//! let request = HashRequest::new(&new, account, fresh_salt(&OsEntropy)?, ring.pepper());
//! let hash = kernel.hash(&request, &mut memory)?;
//!
//! let typed = Password::new("correct horse".to_owned());
//! assert!(kernel.verify(&VerifyRequest::new(&typed, &hash, account, &ring)?, &mut memory)?);
//! assert!(!kernel.verify(&VerifyRequest::new(&typed, &hash, [8; 16], &ring)?, &mut memory)?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod kernel;
mod params;
pub(crate) mod phc;
mod queue;
mod request;
mod threads;

#[cfg(test)]
mod tests;

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::password::PasswordHash;
use crate::ports::keyring::KeyName;

pub use kernel::{Argon2Kernel, HashingMemory};
pub use params::{Argon2Params, UnfitParams};
pub use request::{HashRequest, VerifyRequest, fresh_salt};
pub use threads::{HashingOptions, HashingThreads};

/// Hashes and checks passwords, off the caller's thread.
///
/// An implementation bounds how much runs and waits at once (REL-12), finishes or skips what a
/// departed caller asked for, and never runs a hash on an executor's thread.
#[async_trait]
pub trait PasswordHasher: Send + Sync {
    /// The parameters of new hashes, for [`PasswordHash::needs_rehash`] and
    /// [`Argon2Params::dummy_hash`].
    fn params(&self) -> Argon2Params;

    /// Hashes a password for storage.
    ///
    /// # Errors
    /// [`HasherError::Busy`] if too many wait, [`HasherError::Failed`] if it could not be computed.
    async fn hash(&self, request: HashRequest) -> Result<PasswordHash, HasherError>;

    /// Whether the password is the one that was hashed.
    ///
    /// # Errors
    /// [`HasherError`]; a wrong password is none.
    async fn verify(&self, request: VerifyRequest) -> Result<bool, HasherError>;
}

/// Why there is no hash, or no verdict on one.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum HasherError {
    /// Too many are waiting: 503 with `Retry-After`.
    #[error("too many passwords are being checked")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The hash names a key that the ring lacks: 503 and an alarm, never a check without pepper (SEC-09).
    #[error("the keyring lacks the key `{0}`, which a password hash names")]
    UnknownPepper(KeyName),
    /// The stored text is no hash, or asks for more than the bounds (SEC-07): treated as a wrong
    /// password, and an alarm.
    #[error("a stored password hash cannot be read")]
    Malformed,
    /// No memory, or a fault of the hasher itself.
    #[error("a password could not be hashed")]
    Failed,
}
