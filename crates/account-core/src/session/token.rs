//! What a client holds to prove a session: 256 random bits, never stored.

use zeroize::Zeroizing;

use crate::id::Digest;
use crate::ports::entropy::{Entropy, EntropyError};

/// A session token. Prints nothing of itself and is wiped when dropped.
///
/// ```
/// use account_core::{ports::entropy::OsEntropy, session::SessionToken};
/// let token = SessionToken::generate(&OsEntropy).unwrap();
/// assert!(SessionToken::parse(token.expose()).unwrap().digest() == token.digest());
/// assert_eq!(format!("{token:?}"), "SessionToken(..)");
/// assert!(SessionToken::parse("made up").is_none());
/// ```
///
/// ```compile_fail
/// # use account_core::{ports::entropy::OsEntropy, session::SessionToken};
/// # let token = SessionToken::generate(&OsEntropy).unwrap();
/// println!("{token}");
/// ```
/// ```compile_fail
/// # use account_core::{ports::entropy::OsEntropy, session::SessionToken};
/// # let token = SessionToken::generate(&OsEntropy).unwrap();
/// let same = token == token;
/// ```
#[derive(Clone)]
pub struct SessionToken(Zeroizing<String>);

impl SessionToken {
    /// A fresh one.
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        entropy.fill(&mut *bytes)?;
        Ok(Self(Zeroizing::new(data_encoding::BASE64URL_NOPAD.encode(&*bytes))))
    }

    /// From what a client presents; malformed ones never reach the store.
    pub fn parse(text: &str) -> Option<Self> {
        let right = text.len() == 43 && text.bytes().fold(true, |all, byte| all & is_base64url(byte));
        right.then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text, for the client alone.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() | (byte == b'-') | (byte == b'_')
}

impl std::fmt::Debug for SessionToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SessionToken(..)")
    }
}
