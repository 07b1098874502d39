//! An SSH key on an account.

use crate::creation::IdempotencyDigest;
use crate::ssh_key::{Fingerprint, SshKeyName, SshPublicKey};
use crate::time::Timestamp;

/// A registered SSH key. Nothing in it is secret. Unique per account by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKey {
    /// What the owner calls it.
    pub name: SshKeyName,
    /// The key, in canonical form.
    pub public_key: SshPublicKey,
    /// When it was added.
    pub created_at: Timestamp,
    /// The name of the request that added it, if it had one.
    pub idempotency: Option<IdempotencyDigest>,
}

impl SshKey {
    /// The key's SHA-256 fingerprint, which names it on the account.
    pub fn fingerprint(&self) -> Fingerprint {
        self.public_key.fingerprint()
    }
}
