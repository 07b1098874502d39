//! API keys: the token a client sends, the addresses it may be used from, what its owner calls it,
//! and how keys are listed, made and deleted (contract 5).
//!
//! Whether a token is somebody's key is decided where credentials are verified, not here.

mod allowed_ips;
mod base62;
mod description;
mod identifier;
pub(crate) mod mac;
mod rules;
mod service;
mod stored;
mod token;

pub use allowed_ips::AllowedIps;
pub use description::Description;
pub use identifier::{ApiKeyIdentifier, ApiKeyPrefix};
pub use service::{ApiKeys, CreatedApiKey, NewApiKey};
pub(crate) use service::{Making, delete};
pub use stored::{ApiKey, StoredApiKey};
pub use token::ApiKeyToken;

#[cfg(test)]
mod allowed_ips_tests;
