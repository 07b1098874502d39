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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(Box<str>);

impl KeyName {
    /// The most characters of a name.
    pub const MAX: usize = 16;

    /// `text` as a name, or `None` if it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let right = (1..=Self::MAX).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        right.then(|| Self(text.into()))
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
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
