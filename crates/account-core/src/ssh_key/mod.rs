//! SSH keys: listed, added, removed (contract 6). The parsed types are on their way and replace
//! what stands below.

mod service;
mod stored;

pub use service::SshKeys;
pub use stored::SshKey;

use crate::malformed::Malformed;

/// A public key in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshPublicKey(String);
impl SshPublicKey {
    /// From a stored line.
    ///
    /// # Errors
    /// Never yet.
    pub fn from_stored(line: String) -> Result<Self, Malformed> {
        Ok(Self(line))
    }
    /// `<type> <base64>`.
    pub fn openssh(&self) -> &str {
        &self.0
    }
    /// Its fingerprint.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(*crate::id::Digest::of(self.0.as_bytes()).as_bytes())
    }
}
/// A key's SHA-256 fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);
impl Fingerprint {
    /// From text.
    pub fn parse(_: &str) -> Option<Self> {
        None
    }
    /// The stored bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are thirty-two.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("fingerprint"))
    }
}
impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SHA256:{}", data_encoding::BASE64_NOPAD.encode(&self.0))
    }
}
/// What the owner calls it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SshKeyName(String);
impl SshKeyName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// From stored text.
    ///
    /// # Errors
    /// Never yet.
    pub fn from_stored(text: String) -> Result<Self, Malformed> {
        Ok(Self(text))
    }
}
