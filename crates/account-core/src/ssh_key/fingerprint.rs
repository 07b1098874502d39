//! The fingerprint of an SSH key: computed from the key, read from a request, printed as OpenSSH does.

use std::fmt;

use data_encoding::BASE64_NOPAD;
use sha2::{Digest as _, Sha256};

use crate::malformed::Malformed;

const PREFIX: &str = "SHA256:";

/// SHA-256 of a public key's wire form, which names the key on its account (contract 9.5). Printed
/// as `ssh-keygen -l` does: `SHA256:` and 43 characters of unpadded base64.
///
/// ```
/// use account_core::ssh_key::Fingerprint;
/// let text = "SHA256:tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ";
/// let fingerprint = Fingerprint::parse(text).unwrap();
/// assert_eq!(fingerprint.to_string(), text);
/// assert_eq!(Fingerprint::parse("tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ="), Some(fingerprint));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// From a request, with or without `SHA256:` and with or without `=` at the end (contract 6.3).
    /// `None` for what is no key's fingerprint; removing that removes nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let digits = text.strip_prefix(PREFIX).unwrap_or(text);
        let digits = digits.strip_suffix('=').unwrap_or(digits);
        let bytes = BASE64_NOPAD.decode(digits.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }

    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are thirty-two.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("fingerprint"))
    }

    /// The stored bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(super) fn of(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", BASE64_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
