//! API keys: the token a client sends, the addresses it may be used from, and what its owner calls it.
//!
//! Whether a token is somebody's key is decided elsewhere, by its digest; nothing here looks it up.

mod allowed_ips;
mod description;
mod identifier;
mod stored;
mod token;

pub use allowed_ips::AllowedIps;
pub use description::Description;
pub use identifier::{ApiKeyIdentifier, ApiKeyPrefix};
pub use stored::{ApiKey, StoredApiKey};
pub use token::ApiKeyToken;

#[cfg(test)]
mod allowed_ips_tests;
