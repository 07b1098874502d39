//! Recovery codes: ten characters of `[A-Za-z0-9]`, shown once, kept as keyed digests (contract
//! 9.2, SEC-27). The digest is sealed before it is stored; that and spending it are the service's.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use crate::malformed::Malformed;
use crate::ports::entropy::{Entropy, EntropyError, alphanumeric};

/// The random name of one enrolment's set of codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecoverySetId([u8; 16]);

impl RecoverySetId {
    /// A fresh one.
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = [0; 16];
        entropy.fill(&mut bytes)?;
        Ok(Self(bytes))
    }

    /// The stored bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are sixteen.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("recovery set id"))
    }
}

/// A recovery code. Wiped when dropped, never printed.
///
/// ```
/// use account_core::{ports::entropy::OsEntropy, two_factor::{RecoveryCode, RecoverySetId}};
/// let (code, set) = (RecoveryCode::generate(&OsEntropy)?, RecoverySetId::generate(&OsEntropy)?);
/// let stored = code.digest(set, &[7; 16]);
/// let typed = RecoveryCode::parse(&format!(" {}\n", code.as_str())).unwrap();
/// assert!(typed.fits(set, &[7; 16], &*stored));
/// # Ok::<(), account_core::ports::entropy::EntropyError>(())
/// ```
///
/// ```compile_fail
/// # let code = account_core::two_factor::RecoveryCode::parse("aB3dE5gH7j").unwrap();
/// println!("{code}");
/// ```
/// ```compile_fail
/// # let code = account_core::two_factor::RecoveryCode::parse("aB3dE5gH7j").unwrap();
/// let same = code == code;
/// ```
pub struct RecoveryCode(Zeroizing<String>);

impl RecoveryCode {
    /// Characters of a code: about 59 bits.
    pub const LENGTH: usize = 10;
    /// Codes of a set.
    pub const SET: usize = 10;

    /// A fresh one.
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        alphanumeric(entropy, Self::LENGTH).map(Self)
    }

    /// What a user typed: blanks and dashes do not count, the case of letters does. `None` if it
    /// cannot be a code, which makes it a wrong one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut code = Zeroizing::new(String::with_capacity(Self::LENGTH));
        for letter in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            if !letter.is_ascii_alphanumeric() || code.len() >= Self::LENGTH {
                return None;
            }
            code.push(letter);
        }
        (code.len() == Self::LENGTH).then_some(Self(code))
    }

    /// The text, to be shown to its owner once.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// HMAC-SHA-256 keyed by the set and the account's uid: the same code in another set, or of
    /// another account, has another digest. It is not secret enough to be stored unsealed.
    pub fn digest(&self, set: RecoverySetId, account: &[u8; 16]) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.keyed(set, account).finalize().into_bytes().into())
    }

    /// Whether `digest` is this code's, in constant time.
    pub fn fits(&self, set: RecoverySetId, account: &[u8; 16], digest: &[u8]) -> bool {
        self.digest(set, account).ct_eq(digest).into()
    }

    fn keyed(&self, RecoverySetId(set): RecoverySetId, account: &[u8; 16]) -> Hmac<Sha256> {
        // HMAC pads a key of 32 bytes with zeros to its block of 64 (RFC 2104).
        let mut block = [0; 64];
        block.iter_mut().zip(set.iter().chain(account)).for_each(|(to, from)| *to = *from);
        let mut hmac = Hmac::<Sha256>::new(&block.into());
        hmac.update(self.0.as_bytes());
        hmac
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::OsEntropy;
    use proptest::prelude::*;

    const SET: RecoverySetId = RecoverySetId([1; 16]);

    #[test]
    fn sec_27_a_code_is_ten_letters_or_digits_and_fresh_each_time() {
        let codes: std::collections::BTreeSet<String> =
            (0..100).map(|_| RecoveryCode::generate(&OsEntropy).unwrap().as_str().to_owned()).collect();
        assert_eq!(codes.len(), 100);
        assert!(codes.iter().all(|code| code.len() == 10 && code.bytes().all(|b| b.is_ascii_alphanumeric())));
    }

    #[test]
    fn sec_27_blanks_and_dashes_do_not_count_but_case_does() {
        let digest = |text: &str| RecoveryCode::parse(text).map(|code| *code.digest(SET, &[2; 16]));
        let code = digest("aB3dE5gH7j");
        assert!(code.is_some());
        for same in [" aB3dE5gH7j\t", "aB3dE-5gH7j", "-aB3d E5gH 7j-", "aB3dE5gH7j\u{a0}"] {
            assert_eq!(digest(same), code, "{same:?}");
        }
        assert_ne!(digest("ab3dE5gH7j"), code);
        for none in ["", "aB3dE5gH7", "aB3dE5gH7jK", "aB3dE5gH7_", "aB3dE5gH\u{e9}j", "----------"] {
            assert_eq!(digest(none), None, "{none:?}");
        }
    }

    #[test]
    fn sec_27_a_digest_fits_its_set_and_its_account_alone() {
        let code = RecoveryCode::parse("aB3dE5gH7j").unwrap();
        let digest = code.digest(SET, &[2; 16]);
        assert!(code.fits(SET, &[2; 16], &*digest));
        assert!(!code.fits(RecoverySetId([3; 16]), &[2; 16], &*digest));
        assert!(!code.fits(SET, &[1; 16], &*digest));
        assert!(!code.fits(SET, &[2; 16], &digest[..31]));
        assert!(!RecoveryCode::parse("aB3dE5gH7k").unwrap().fits(SET, &[2; 16], &*digest));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "\\PC{0,40}|[A-Za-z0-9 -]{8,14}") {
            if let Some(code) = RecoveryCode::parse(&text) {
                prop_assert!(RecoveryCode::parse(code.as_str()).unwrap().as_str() == code.as_str());
            }
        }
    }
}
