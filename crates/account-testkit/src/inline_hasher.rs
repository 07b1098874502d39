//! A password hasher that computes on the caller's thread, as cheaply as Argon2 allows, and counts.

use std::sync::atomic::{AtomicUsize, Ordering};

use account_core::password::PasswordHash;
use account_core::ports::hasher::{
    Argon2Kernel, Argon2Params, HashRequest, HasherError, HashingMemory, PasswordHasher, VerifyRequest,
};
use async_trait::async_trait;

/// A [`PasswordHasher`] for fast tests: real Argon2id with peppers and owners, at costs that
/// protect nothing. It counts, so that a test can show that no password was looked at.
///
/// ```
/// use account_testkit::InlineHasher;
/// let hasher = InlineHasher::default();
/// assert_eq!((hasher.hashed(), hasher.verified()), (0, 0));
/// ```
#[derive(Debug)]
pub struct InlineHasher {
    kernel: Argon2Kernel,
    hashed: AtomicUsize,
    verified: AtomicUsize,
}

impl Default for InlineHasher {
    fn default() -> Self {
        Self {
            kernel: Argon2Kernel::weak_for_tests(),
            hashed: AtomicUsize::new(0),
            verified: AtomicUsize::new(0),
        }
    }
}

impl InlineHasher {
    /// How many passwords were hashed for storage.
    pub fn hashed(&self) -> usize {
        self.hashed.load(Ordering::SeqCst)
    }

    /// How many passwords were checked, those of nobody's account among them.
    pub fn verified(&self) -> usize {
        self.verified.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl PasswordHasher for InlineHasher {
    fn params(&self) -> Argon2Params {
        self.kernel.params()
    }

    async fn hash(&self, request: HashRequest) -> Result<PasswordHash, HasherError> {
        self.hashed.fetch_add(1, Ordering::SeqCst);
        self.kernel.hash(&request, &mut HashingMemory::default())
    }

    async fn verify(&self, request: VerifyRequest) -> Result<bool, HasherError> {
        self.verified.fetch_add(1, Ordering::SeqCst);
        self.kernel.verify(&request, &mut HashingMemory::default())
    }
}
