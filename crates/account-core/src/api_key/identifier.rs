//! The public half of an API token, and the prefix it begins with. Nothing here is secret.

use std::fmt;

use super::base62;
use crate::malformed::Malformed;
use crate::ports::entropy::{Entropy, EntropyError, alphanumeric};
use crate::time::Timestamp;

/// Characters of a prefix, and of an identifier with its prefix (contract 9.3).
pub(super) const PREFIX: usize = 5;
pub(super) const IDENTIFIER: usize = 16;
/// Behind the prefix: so many that tell the time, and so many that are drawn.
const TIME: usize = 7;
const RANDOM: usize = 4;
/// Milliseconds that seven of them tell apart, which is until the year 2081; then they begin again.
const TIMES: i64 = 62_i64.pow(7);
/// How many identifiers share a number, so that all numbers fit into 63 bits.
const SHARED: u64 = 8;
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
/// One that is made here begins, behind the prefix, with the time, which its owner sees anyway: so new keys
/// stand side by side in a store, however many there are. What makes a key hard to guess is its secret.
///
/// ```
/// use account_core::api_key::{ApiKeyIdentifier, ApiKeyPrefix};
/// use account_core::{ports::entropy::OsEntropy, time::Timestamp};
/// let identifier = ApiKeyIdentifier::parse("ptlc_1a2B3c4D5e6").unwrap();
/// assert_eq!(identifier.as_str(), "ptlc_1a2B3c4D5e6");
/// assert_eq!(ApiKeyIdentifier::parse("1a2B3c4D5e6"), None);
///
/// let mint = |millis| ApiKeyIdentifier::mint(&OsEntropy, ApiKeyPrefix::default(), Timestamp::from_millis(millis));
/// let (earlier, later) = (mint(1_769_860_800_000).unwrap(), mint(1_769_860_800_001).unwrap());
/// assert!(earlier < later && earlier.number() < later.number());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiKeyIdentifier([u8; IDENTIFIER]);

impl ApiKeyIdentifier {
    /// A fresh one of the time `now`, to the millisecond; one of 62^4 that this millisecond has.
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn mint(entropy: &dyn Entropy, prefix: ApiKeyPrefix, now: Timestamp) -> Result<Self, EntropyError> {
        let time: [u8; TIME] = base62::digits(now.as_millis().rem_euclid(TIMES).unsigned_abs());
        let random = alphanumeric(entropy, RANDOM)?;
        let mut bytes = [0; IDENTIFIER];
        let parts = prefix.0.iter().chain(&time).chain(random.as_bytes());
        bytes.iter_mut().zip(parts).for_each(|(byte, part)| *byte = *part);
        Ok(Self(bytes))
    }

    /// A number from 0 on that ascends with the identifiers of one prefix. Few share one: those whose last
    /// characters are neighbours, and those that differ in the prefix alone. A store may find a key by it.
    pub fn number(&self) -> i64 {
        let (_, rest) = self.0.split_at_checked(PREFIX).unwrap_or_default();
        let (time, random) = rest.split_at_checked(TIME).unwrap_or_default();
        // 62^4 is a multiple of eight, so this is an eighth of all eleven, without their 66 bits.
        let number = base62::value(time)
            .saturating_mul(62_u64.pow(4) / SHARED)
            .saturating_add(base62::value(random) / SHARED);
        i64::try_from(number).unwrap_or(i64::MAX)
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::OsEntropy;
    use proptest::prelude::*;

    fn minted_at(millis: i64) -> ApiKeyIdentifier {
        ApiKeyIdentifier::mint(&OsEntropy, ApiKeyPrefix::default(), Timestamp::from_millis(millis)).unwrap()
    }

    #[test]
    fn an_identifier_begins_with_its_time() {
        assert!(minted_at(0).as_str().starts_with("ptlc_0000000"));
        assert!(minted_at(61).as_str().starts_with("ptlc_000000z"));
        assert!(minted_at(62).as_str().starts_with("ptlc_0000010"));
        assert!(minted_at(TIMES - 1).as_str().starts_with("ptlc_zzzzzzz"));
        assert!(minted_at(TIMES).as_str().starts_with("ptlc_0000000"), "it begins again");
    }

    #[test]
    fn keys_of_one_moment_have_names_of_their_own() {
        let names: std::collections::HashSet<_> = (0..100).map(|_| minted_at(1_769_860_800_000)).collect();
        assert!(names.len() > 97, "{}", names.len());
    }

    #[test]
    fn the_number_is_an_eighth_of_the_eleven_characters() {
        for (text, number) in [
            ("ptlc_00000000000", 0),
            ("ptlc_00000000007", 0),
            ("ptlc_00000000008", 1),
            ("acme_00000000010", 62 / 8),
            ("ptlc_00000010000", 62_i64.pow(4) / 8),
            ("ptlc_zzzzzzzzzzz", i64::try_from((62_i128.pow(11) - 1) / 8).unwrap()),
        ] {
            assert_eq!(ApiKeyIdentifier::parse(text).unwrap().number(), number, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_makes_an_identifier_that_is_read_again(millis in any::<i64>()) {
            let identifier = minted_at(millis);
            prop_assert_eq!(ApiKeyIdentifier::parse(identifier.as_str()), Some(identifier));
        }

        #[test]
        fn a_later_key_stands_behind_an_earlier_one(earlier in 0..TIMES / 2, by in 1..TIMES / 2) {
            let (earlier, later) = (minted_at(earlier), minted_at(earlier + by));
            prop_assert!(earlier < later && earlier.number() < later.number());
        }

        #[test]
        fn numbers_are_in_the_order_of_the_texts(one in "[0-9A-Za-z]{11}", other in "[0-9A-Za-z]{11}") {
            let number = |text: &str| ApiKeyIdentifier::parse(&format!("ptlc_{text}")).unwrap().number();
            let (first, second) = if one < other { (one, other) } else { (other, one) };
            prop_assert!(0 <= number(&first) && number(&first) <= number(&second));
        }
    }
}
