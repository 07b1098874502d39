//! An API key as a store keeps it, and as its owner may see it.

use crate::api_key::{AllowedIps, ApiKeyIdentifier, Description};
use crate::creation::IdempotencyDigest;
use crate::id::Digest;
use crate::ports::keyring::Mac;
use crate::time::Timestamp;

/// An API key's row. The secret itself is nowhere: only its digest, and a MAC over what the key grants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredApiKey {
    /// The public half of the token, unique in the store.
    pub identifier: ApiKeyIdentifier,
    /// What the owner wrote.
    pub description: Description,
    /// From where it may be used.
    pub allowed_ips: AllowedIps,
    /// SHA-256 of the secret half.
    pub secret: Digest,
    /// Binds identifier, owner, digest, allow-list, expiry and maker together.
    pub mac: Mac,
    /// When it stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// The key that made it; `None` if a session or the operator did.
    pub made_by: Option<ApiKeyIdentifier>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
    /// The name of the request that made it, if it had one. Whoever comes in with the key needs it not,
    /// so [`api_key`](crate::store::ApiKeyRepository::api_key) leaves it out.
    pub idempotency: Option<IdempotencyDigest>,
}

/// An API key as its owner may see it (contract 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The public half of the token.
    pub identifier: ApiKeyIdentifier,
    /// What the owner wrote.
    pub description: Description,
    /// From where it may be used.
    pub allowed_ips: AllowedIps,
    /// When it stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// The key that made it, so that who deletes a leaked one can find what it made (SEC-38).
    pub made_by: Option<ApiKeyIdentifier>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl From<StoredApiKey> for ApiKey {
    fn from(stored: StoredApiKey) -> Self {
        let StoredApiKey { identifier, description, allowed_ips, expires_at, made_by, .. } = stored;
        let (created_at, last_used_at) = (stored.created_at, stored.last_used_at);
        Self { identifier, description, allowed_ips, expires_at, made_by, created_at, last_used_at }
    }
}
