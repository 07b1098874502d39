//! A whole API token: read from a request, or minted. Its secret half leaves this type only to be
//! shown once, or as a digest.

use zeroize::Zeroizing;

use super::base62;
use super::identifier::{ApiKeyIdentifier, ApiKeyPrefix, IDENTIFIER, are_letters_and_digits, ascii};
use crate::id::Digest;
use crate::ports::entropy::{Entropy, EntropyError, alphanumeric};
use crate::time::Timestamp;

/// Characters of the secret half, and of the checksum at its end (contract 9.3).
const SECRET: usize = 32;
const CHECKSUM: usize = 6;

/// A whole API token: identifier and secret, 48 characters (contract 9.3). What a client sends as
/// bearer, and what its owner sees once.
///
/// The secret is wiped when the token is dropped, and has no `Debug`, `Display` or `Serialize`. Its
/// last six characters are a checksum of all that stands before, by which a secret scanner tells a
/// real token; 26 random characters (154 bits) remain. Authentication does not look at the checksum,
/// for imported keys have none.
///
/// ```
/// use account_core::{api_key::{ApiKeyPrefix, ApiKeyToken}, ports::entropy::OsEntropy, time::Timestamp};
/// let now = Timestamp::from_millis(1_769_860_800_000);
/// let token = ApiKeyToken::mint(&OsEntropy, ApiKeyPrefix::default(), now).unwrap();
/// let sent = ApiKeyToken::parse(&token.joined()).unwrap();
/// assert_eq!(sent.identifier(), token.identifier());
/// assert!(sent.secret_digest().matches(&token.secret_digest()));
/// assert!(ApiKeyToken::parse("ptlc_too_short").is_none());
/// ```
///
/// ```compile_fail
/// # use account_core::{api_key::{ApiKeyPrefix, ApiKeyToken}, ports::entropy::OsEntropy, time::Timestamp};
/// # let token = ApiKeyToken::mint(&OsEntropy, ApiKeyPrefix::default(), Timestamp::from_millis(0)).unwrap();
/// println!("{token:?}");
/// ```
#[derive(Clone)]
pub struct ApiKeyToken {
    identifier: ApiKeyIdentifier,
    secret: Zeroizing<[u8; SECRET]>,
}

impl ApiKeyToken {
    /// `None` unless it is an identifier and 32 letters or digits: a malformed token never reaches a
    /// store. Allocates nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let (identifier, secret) = text.split_at_checked(IDENTIFIER)?;
        let identifier = ApiKeyIdentifier::parse(identifier)?;
        let secret = Zeroizing::new(<[u8; SECRET]>::try_from(secret.as_bytes()).ok()?);
        are_letters_and_digits(secret.as_slice()).then_some(Self { identifier, secret })
    }

    /// A fresh one, whose identifier begins with the time `now`.
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn mint(entropy: &dyn Entropy, prefix: ApiKeyPrefix, now: Timestamp) -> Result<Self, EntropyError> {
        let identifier = ApiKeyIdentifier::mint(entropy, prefix, now)?;
        let random = alphanumeric(entropy, SECRET.saturating_sub(CHECKSUM))?;
        let mut text = Zeroizing::new(String::with_capacity(IDENTIFIER.saturating_add(SECRET)));
        text.push_str(identifier.as_str());
        text.push_str(&random);
        let checksum = checksum(text.as_bytes());
        text.push_str(ascii(&checksum));
        // Always Some: the parts are letters and digits of the right number.
        Self::parse(&text).ok_or(EntropyError)
    }

    /// The public half.
    pub fn identifier(&self) -> ApiKeyIdentifier {
        self.identifier
    }

    /// The secret half, to be shown to its owner once.
    pub fn secret(&self) -> &str {
        ascii(self.secret.as_slice())
    }

    /// Both halves together: the bearer token.
    pub fn joined(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(IDENTIFIER.saturating_add(SECRET)));
        text.push_str(self.identifier.as_str());
        text.push_str(self.secret());
        text
    }

    /// SHA-256 of the secret half: all of it that is ever stored (SEC-33).
    pub fn secret_digest(&self) -> Digest {
        Digest::of(self.secret.as_slice())
    }

    /// Whether the secret ends in the checksum of what stands before it. For scanners that search
    /// texts for lost tokens; it proves nothing about a key.
    pub fn has_checksum(&self) -> bool {
        let text = self.joined();
        text.as_bytes().split_last_chunk().is_some_and(|(body, end)| checksum(body) == *end)
    }
}

/// CRC-32 (IEEE) in base 62.
fn checksum(text: &[u8]) -> [u8; CHECKSUM] {
    base62::digits(crc32fast::hash(text).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::OsEntropy;
    use proptest::prelude::*;

    const NOW: Timestamp = Timestamp::from_millis(1_769_860_800_000);

    fn mint(prefix: ApiKeyPrefix) -> ApiKeyToken {
        ApiKeyToken::mint(&OsEntropy, prefix, NOW).unwrap()
    }

    struct Broken;

    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }

    #[test]
    fn a_minted_token_is_its_identifier_and_its_secret() {
        for millis in 0..200 {
            let token = mint(ApiKeyPrefix::default());
            assert_eq!((token.joined().len(), token.secret().len()), (48, 32));
            assert!(token.identifier().as_str().starts_with("ptlc_"));
            assert_eq!(*token.joined(), format!("{}{}", token.identifier(), token.secret()));
            assert!(token.has_checksum());
            let later = NOW.plus(std::time::Duration::from_millis(millis + 1));
            let other = ApiKeyToken::mint(&OsEntropy, ApiKeyPrefix::default(), later).unwrap();
            assert!(token.identifier() < other.identifier());
            assert_ne!(token.secret(), other.secret());
        }
    }

    #[test]
    fn a_configured_prefix_is_minted_and_every_prefix_is_read() {
        let token = mint(ApiKeyPrefix::parse("acme_").unwrap());
        assert!(token.joined().starts_with("acme_"));
        assert!(ApiKeyToken::parse(&token.joined()).is_some());
        assert!(ApiKeyPrefix::parse("ptla_").is_none());
    }

    #[test]
    fn sec_31_without_randomness_there_is_no_token() {
        assert!(ApiKeyToken::mint(&Broken, ApiKeyPrefix::default(), NOW).is_err());
    }

    #[test]
    fn the_checksum_is_crc_32_in_base_62() {
        // CRC-32 of "123456789" is the check value 0xCBF43926 = 3421780262.
        let value = checksum(b"123456789").iter().fold(0u64, |value, digit| {
            let digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
            value * 62 + digits.find(char::from(*digit)).unwrap() as u64
        });
        assert_eq!(value, 0xCBF4_3926);
        assert_eq!(&checksum(b""), b"000000");
    }

    #[test]
    fn an_imported_token_without_a_checksum_is_a_token() {
        let token = ApiKeyToken::parse("ptlc_1a2B3c4D5e6q7Rt2Yw9Zx4Cv6Bn1Mk3Lj5Hg8Fd0SaP").unwrap();
        assert!(!token.has_checksum());
        assert_eq!(token.secret(), "q7Rt2Yw9Zx4Cv6Bn1Mk3Lj5Hg8Fd0SaP");
        assert_eq!(token.secret_digest(), Digest::of(b"q7Rt2Yw9Zx4Cv6Bn1Mk3Lj5Hg8Fd0SaP"));
        assert!(!token.identifier().is_application());
        let application = ApiKeyToken::parse("ptla_1a2B3c4D5e6q7Rt2Yw9Zx4Cv6Bn1Mk3Lj5Hg8Fd0SaP").unwrap();
        assert!(application.identifier().is_application());
    }

    #[test]
    fn sec_33_texts_of_another_form_are_no_tokens() {
        let good = "ptlc_1a2B3c4D5e6q7Rt2Yw9Zx4Cv6Bn1Mk3Lj5Hg8Fd0SaP";
        let long = "a".repeat(60_000);
        let wide = format!("{}ä", &good[..46]);
        let split = format!("{}ä{}", &good[..15], &good[17..]);
        for text in [
            "",
            "ptlc_",
            &good[..47],
            &format!("{good}x"),
            &good.replace('_', "-"),
            &good.replace('q', "_"),
            &good.replace('R', ","),
            &good.replace('R', " "),
            &good.replace('R', "\0"),
            &long,
            &wide,
            &split,
        ] {
            assert!(ApiKeyToken::parse(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_comes_back(text in any::<String>(), near in "[a-zA-Z0-9]{4}_[a-zA-Z0-9]{43}") {
            prop_assert!(ApiKeyToken::parse(&text).is_none_or(|token| *token.joined() == text));
            let token = ApiKeyToken::parse(&near).unwrap();
            prop_assert_eq!(&*token.joined(), &near);
            prop_assert_eq!(ApiKeyIdentifier::from_stored(token.identifier().as_str()), Ok(token.identifier()));
        }
    }
}
