//! The confirmation token: what the password step gives to a client whose account has a second
//! factor. It opens nothing else.

use zeroize::Zeroizing;

use crate::id::Digest;
use crate::ports::entropy::{Entropy, EntropyError, alphanumeric};

const LENGTH: usize = 64;

/// 64 characters of `[A-Za-z0-9]` (contract 8.2). Prints nothing of itself and is wiped when dropped.
///
/// ```compile_fail
/// # let token = account_core::sign_in::ConfirmationToken::parse(&"a".repeat(64)).unwrap();
/// println!("{token}");
/// ```
/// ```compile_fail
/// # let token = account_core::sign_in::ConfirmationToken::parse(&"a".repeat(64)).unwrap();
/// let same = token == token;
/// ```
#[derive(Clone)]
pub struct ConfirmationToken(Zeroizing<String>);

impl ConfirmationToken {
    pub(crate) fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        alphanumeric(entropy, LENGTH).map(Self)
    }

    /// From what a client presents; malformed ones never reach the store.
    ///
    /// ```
    /// use account_core::sign_in::ConfirmationToken;
    /// assert!(ConfirmationToken::parse("short").is_none());
    /// assert!(ConfirmationToken::parse(&"a".repeat(64)).is_some());
    /// ```
    pub fn parse(text: &str) -> Option<Self> {
        let right = text.len() == LENGTH && text.bytes().all(|b| b.is_ascii_alphanumeric());
        right.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, for the client alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl std::fmt::Debug for ConfirmationToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ConfirmationToken(..)")
    }
}
