//! The name of a key in the ring. It travels in the open with every sealed value.

use std::fmt;

use crate::malformed::Malformed;

/// 1 to 16 characters of `[a-z0-9-]`. Not a secret.
///
/// ```
/// use account_core::ports::keyring::KeyName;
/// assert_eq!(KeyName::parse("k-2026").unwrap().as_str(), "k-2026");
/// assert!(KeyName::parse("K 1").is_none());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    // Filled up with zeros, which sort before every character of a name. No heap: there is one in
    // every row that is authenticated.
    bytes: [u8; KeyName::MAX],
    length: u8,
}

impl KeyName {
    /// The most characters of a name.
    pub const MAX: usize = 16;

    /// `text` as a name, or `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let right = (1..=Self::MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let mut bytes = [0; Self::MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        let length = u8::try_from(text.len()).ok()?;
        right.then_some(Self { bytes, length })
    }

    /// From a stored row.
    ///
    /// # Errors
    /// [`Malformed`] if it is no name.
    pub fn from_stored(text: &str) -> Result<Self, Malformed> {
        Self::parse(text).ok_or(Malformed("key name"))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        let name = self.bytes.get(..usize::from(self.length)).unwrap_or_default();
        // Always text: the characters were looked at when it was parsed.
        std::str::from_utf8(name).unwrap_or_default()
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyName({:?})", self.as_str())
    }
}
