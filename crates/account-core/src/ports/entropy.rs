//! The only place that asks the operating system for randomness (SEC-31). Its failure is an error,
//! never a weaker source.

use thiserror::Error;

/// The generator failed; nothing was made with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the source of randomness failed")]
pub struct EntropyError;

/// Where random bytes come from.
pub trait Entropy: Send + Sync {
    /// Fills `out` with unpredictable bytes.
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed; `out` must then not be used.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError>;
}

/// The operating system's generator.
///
/// ```
/// use account_core::ports::entropy::{Entropy, OsEntropy};
/// let mut bytes = [0; 32];
/// OsEntropy.fill(&mut bytes).unwrap();
/// assert_ne!(bytes, [0; 32]);
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks for randomness")]
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        getrandom::fill(out).map_err(|_| EntropyError)
    }
}

/// `count` characters drawn evenly from `[A-Za-z0-9]`, without modulo bias.
///
/// # Errors
/// [`EntropyError`] if the source failed.
pub(crate) fn alphanumeric(
    entropy: &dyn Entropy,
    count: usize,
) -> Result<zeroize::Zeroizing<String>, EntropyError> {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = zeroize::Zeroizing::new(String::with_capacity(count));
    let mut block = zeroize::Zeroizing::new([0u8; 64]);
    while text.len() < count {
        entropy.fill(&mut *block)?;
        // 248 is the largest multiple of 62 in a byte: what is above would favour the first letters.
        let drawn =
            block.iter().filter(|byte| **byte < 248).filter_map(|byte| ALPHABET.get(usize::from(byte % 62)));
        for letter in drawn {
            if text.len() < count {
                text.push(char::from(*letter));
            }
        }
    }
    Ok(text)
}
