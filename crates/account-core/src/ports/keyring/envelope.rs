//! The stored form of what the ring makes: version, the key's name, then the body. Opaque to
//! stores; its layout is checked when it comes back, its truth only by the ring.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::KeyName;
use crate::malformed::Malformed;

/// The version of everything that this program writes.
pub(super) const VERSION: u8 = 1;
pub(super) const NONCE: usize = 24;
pub(super) const TAG: usize = 16;
pub(super) const MAC: usize = 32;

/// An encrypted and authenticated value, as a store keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    bytes: Vec<u8>,
    name: KeyName,
}

/// A message authentication code, as a store keeps it. Compared in constant time.
#[derive(Clone)]
pub struct Mac {
    bytes: Vec<u8>,
    name: KeyName,
}

impl Sealed {
    pub(super) fn new(name: &KeyName, nonce: &[u8; NONCE], ciphertext: &[u8]) -> Self {
        Self { bytes: [&header(name)[..], nonce, ciphertext].concat(), name: name.clone() }
    }

    /// From a store.
    ///
    /// # Errors
    /// [`Malformed`] if the ring cannot have written it.
    pub fn from_stored(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let (name, body) = split(&bytes).ok_or(Malformed("sealed value"))?;
        if body.len() < NONCE.saturating_add(TAG) {
            return Err(Malformed("sealed value"));
        }
        Ok(Self { name, bytes })
    }

    /// What a store keeps.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key that sealed it.
    pub fn key_name(&self) -> &KeyName {
        &self.name
    }

    /// Nonce and ciphertext.
    pub(super) fn body(&self) -> Option<(&[u8; NONCE], &[u8])> {
        self.bytes.get(header_len(&self.name)..)?.split_first_chunk()
    }
}

impl Mac {
    pub(super) fn new(name: &KeyName, tag: &[u8; MAC]) -> Self {
        Self { bytes: [&header(name)[..], tag].concat(), name: name.clone() }
    }

    /// From a store.
    ///
    /// # Errors
    /// [`Malformed`] if the ring cannot have written it.
    pub fn from_stored(bytes: Vec<u8>) -> Result<Self, Malformed> {
        let (name, body) = split(&bytes).ok_or(Malformed("message authentication code"))?;
        if body.len() != MAC {
            return Err(Malformed("message authentication code"));
        }
        Ok(Self { name, bytes })
    }

    /// What a store keeps.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The key that made it.
    pub fn key_name(&self) -> &KeyName {
        &self.name
    }

    pub(super) fn tag(&self) -> &[u8] {
        self.bytes.get(header_len(&self.name)..).unwrap_or_default()
    }
}

impl PartialEq for Mac {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Mac {}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed").field("key", &self.name.as_str()).finish_non_exhaustive()
    }
}

impl fmt::Debug for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mac").field("key", &self.name.as_str()).finish_non_exhaustive()
    }
}

/// Version, length of the name, name.
pub(super) fn header(name: &KeyName) -> Vec<u8> {
    let name = name.as_str().as_bytes();
    // A name has at most 16 bytes.
    let len = u8::try_from(name.len()).unwrap_or(u8::MAX);
    [&[VERSION, len], name].concat()
}

fn header_len(name: &KeyName) -> usize {
    name.as_str().len().saturating_add(2)
}

fn split(bytes: &[u8]) -> Option<(KeyName, &[u8])> {
    let (&[version, len], rest) = bytes.split_first_chunk()?;
    let (name, body) = rest.split_at_checked(usize::from(len))?;
    let name = KeyName::parse(std::str::from_utf8(name).ok()?)?;
    (version == VERSION).then_some((name, body))
}
