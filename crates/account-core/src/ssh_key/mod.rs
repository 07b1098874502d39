//! SSH public keys: which ones are taken, their one stored form, and the fingerprint that names them.
//!
//! Every key is read down to its numbers and points, and stored as it is written anew, without its
//! comment (SEC-45). The service lists, adds and removes them (contract 6). Nothing here signs,
//! verifies, or reads a private key.

mod fingerprint;
mod key_data;
mod name;
mod pem;
mod public_key;
mod service;
mod spki;
mod stored;
mod wire;

pub use fingerprint::Fingerprint;
pub use name::SshKeyName;
pub use public_key::SshPublicKey;
pub use service::SshKeys;
pub use stored::SshKey;

#[cfg(test)]
mod tests;
