//! The public half of an API token, and the prefix it begins with. Nothing here is secret.

use std::fmt;

use crate::malformed::Malformed;

/// Characters of a prefix, and of an identifier with its prefix (contract 9.3).
pub(super) const PREFIX: usize = 5;
pub(super) const IDENTIFIER: usize = 16;
/// What tokens of the application area begin with (contract 1.4).
const APPLICATION_PREFIX: &[u8; PREFIX] = b"ptla_";

/// What the tokens made here begin with: four letters or digits and an underscore, `ptlc_` by default.
///
/// ```
/// use account_core::api_key::ApiKeyPrefix;
/// assert_eq!(ApiKeyPrefix::default().as_str(), "ptlc_");
/// assert_eq!(ApiKeyPrefix::parse("acme_").unwrap().as_str(), "acme_");
/// assert_eq!(ApiKeyPrefix::parse("acme-"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ApiKeyPrefix([u8; PREFIX]);

impl ApiKeyPrefix {
    /// `None` unless it has that form, and for `ptla_`, whose tokens the client area refuses.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; PREFIX] = text.as_bytes().try_into().ok()?;
        (is_prefix(&bytes) && bytes != *APPLICATION_PREFIX).then_some(Self(bytes))
    }

    /// The five characters.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }
}

impl Default for ApiKeyPrefix {
    fn default() -> Self {
        Self(*b"ptlc_")
    }
}

impl fmt::Debug for ApiKeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyPrefix({:?})", self.as_str())
    }
}

/// The public half of a token, which names the key (contract 9.3): a prefix and eleven letters or
/// digits, compared exactly. Sixteen bytes without a heap.
///
/// ```
/// use account_core::api_key::ApiKeyIdentifier;
/// let identifier = ApiKeyIdentifier::parse("ptlc_1a2B3c4D5e6").unwrap();
/// assert_eq!(identifier.as_str(), "ptlc_1a2B3c4D5e6");
/// assert_eq!(ApiKeyIdentifier::parse("1a2B3c4D5e6"), None);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyIdentifier([u8; IDENTIFIER]);

impl ApiKeyIdentifier {
    /// `None` for what no key is named: an unknown key, to whoever asks.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes: [u8; IDENTIFIER] = text.as_bytes().try_into().ok()?;
        let (prefix, rest) = bytes.split_first_chunk()?;
        (is_prefix(prefix) && are_letters_and_digits(rest)).then_some(Self(bytes))
    }

    /// From a store.
    ///
    /// # Errors
    /// [`Malformed`] for what [`parse`](Self::parse) refuses.
    pub fn from_stored(text: &str) -> Result<Self, Malformed> {
        Self::parse(text).ok_or(Malformed("API key identifier"))
    }

    /// The sixteen characters.
    pub fn as_str(&self) -> &str {
        ascii(&self.0)
    }

    /// Whether it names a key of the application area (`ptla_`), which the client area answers with
    /// 403 (contract 1.4).
    pub fn is_application(&self) -> bool {
        self.0.starts_with(APPLICATION_PREFIX)
    }
}

impl fmt::Display for ApiKeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ApiKeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyIdentifier({:?})", self.as_str())
    }
}

fn is_prefix(bytes: &[u8; PREFIX]) -> bool {
    matches!(bytes, [name @ .., b'_'] if name.iter().all(u8::is_ascii_alphanumeric))
}

/// Looks at all of them, wherever the first other one stands: quicker for so few, and always as long.
pub(super) fn are_letters_and_digits(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
}

/// The text of bytes that were checked to be ASCII when they were parsed.
pub(super) fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}
