//! Numbers and random names that cannot be swapped for one another.
//!
//! A store makes nothing but [`AccountId`]; all else here is made by the core from its entropy, so
//! that two stores can be compared step by step.

use std::fmt;

use crate::malformed::Malformed;
use crate::ports::entropy::{Entropy, EntropyError};
use crate::time::Timestamp;

/// An account's number: made by the store, never given twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub i64);

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! counter {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub i64);

        impl $name {
            /// Where every account starts.
            pub const FIRST: Self = Self(1);

            /// The next one.
            #[must_use]
            pub fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }
    };
}

counter! {
    /// Raised by one in every commit to an account; guards commits and nothing else.
    Revision
}
counter! {
    /// Raised by password change, reset, and disabling. A session made under an older one is dead.
    PasswordEpoch
}
counter! {
    /// Raised when the second factor is turned on or off. A pending sign-in made under an older one is dead.
    FactorEpoch
}

/// Sixteen bytes from `entropy`, marked as a UUID of this version (RFC 9562 section 4).
fn uuid(entropy: &dyn Entropy, version: u8) -> Result<[u8; 16], EntropyError> {
    let mut bytes = [0; 16];
    entropy.fill(&mut bytes)?;
    let [_, _, _, _, _, _, version_byte, _, variant_byte, ..] = &mut bytes;
    *version_byte = (*version_byte & 0x0f) | (version << 4);
    *variant_byte = (*variant_byte & 0x3f) | 0x80;
    Ok(bytes)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// The stored bytes.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }

            /// From stored bytes.
            ///
            /// # Errors
            /// [`Malformed`] unless there are sixteen.
            pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
                bytes.try_into().map(Self).map_err(|_| Malformed($what))
            }

            /// From the text that [`Display`](fmt::Display) prints; nothing else is taken.
            pub fn parse(text: &str) -> Option<Self> {
                let hex: String = text.chars().filter(|c| *c != '-').collect();
                let bytes = data_encoding::HEXLOWER.decode(hex.as_bytes()).ok()?;
                let parsed = Self(bytes.try_into().ok()?);
                (parsed.to_string() == text).then_some(parsed)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                for (index, byte) in self.0.iter().enumerate() {
                    if matches!(index, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{byte:02x}")?;
                }
                Ok(())
            }
        }
    };
}

macro_rules! random_name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        name! { $(#[$doc])* $name, $what }

        impl $name {
            /// A fresh one: 128 bits from `entropy`, 122 of them random, in the shape of a version 4 UUID (RFC 9562 section 5.4).
            ///
            /// # Errors
            /// [`EntropyError`] if the source failed.
            pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                uuid(entropy, 4).map(Self)
            }
        }
    };
}

random_name! {
    /// An account's random name, which binds secrets to their owner and outlives the account in the audit trail.
    ///
    /// ```
    /// use account_core::{id::AccountUid, ports::entropy::OsEntropy};
    /// let uid = AccountUid::generate(&OsEntropy).unwrap();
    /// assert_eq!(AccountUid::parse(&uid.to_string()), Some(uid));
    /// ```
    AccountUid, "account uid"
}
random_name! {
    /// A session's public handle: names it in lists, opens nothing.
    SessionId, "session id"
}
random_name! {
    /// A queued mail's name.
    MailId, "mail id"
}
name! {
    /// An audit entry's name. It begins with the time, which the entry shows anyway: so new ones stand side by
    /// side in an index, and a commit touches none of its old pages, however many there are.
    ///
    /// ```
    /// use account_core::{id::ActivityId, ports::entropy::OsEntropy, time::Timestamp};
    /// let [earlier, later] = [1, 2].map(|millis| ActivityId::generate(&OsEntropy, Timestamp::from_millis(millis)));
    /// assert!(earlier.unwrap() < later.unwrap());
    /// ```
    ActivityId, "activity id"
}

impl ActivityId {
    /// A fresh one of the time `now`, to the millisecond; 74 bits are random. In the shape of a version 7 UUID
    /// (RFC 9562 section 5.7).
    ///
    /// # Errors
    /// [`EntropyError`] if the source failed.
    pub fn generate(entropy: &dyn Entropy, now: Timestamp) -> Result<Self, EntropyError> {
        let mut bytes = uuid(entropy, 7)?;
        let [_, _, time @ ..] = now.as_millis().max(0).to_be_bytes();
        let [a, b, c, d, e, f, ..] = &mut bytes;
        [*a, *b, *c, *d, *e, *f] = time;
        Ok(Self(bytes))
    }
}

/// SHA-256 of a secret of at least 128 random bits, which needs no slow hash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `secret`.
    pub fn of(secret: &[u8]) -> Self {
        use sha2::Digest as _;
        Self(sha2::Sha256::digest(secret).into())
    }

    /// A digest computed before.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The stored bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From stored bytes.
    ///
    /// # Errors
    /// [`Malformed`] unless there are thirty-two.
    pub fn from_stored(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes.try_into().map(Self).map_err(|_| Malformed("digest"))
    }

    /// Equality in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq as _;
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::entropy::OsEntropy;
    use proptest::prelude::*;

    fn made_at(millis: i64) -> ActivityId {
        ActivityId::generate(&OsEntropy, Timestamp::from_millis(millis)).unwrap()
    }

    #[test]
    fn entries_of_one_moment_have_names_of_their_own() {
        let names: std::collections::HashSet<_> = (0..10_000).map(|_| made_at(1_769_860_800_000)).collect();
        assert_eq!(names.len(), 10_000);
    }

    #[test]
    fn the_name_of_an_entry_is_a_uuid_of_version_7() {
        // The example of RFC 9562, appendix A.6, has this time.
        let text = made_at(0x017F_22E2_79B0).to_string();
        assert!(text.starts_with("017f22e2-79b0-7"), "{text}");
        assert!(matches!(text.as_bytes().get(19), Some(b'8' | b'9' | b'a' | b'b')), "{text}");
    }

    proptest! {
        #[test]
        fn every_time_makes_a_name_that_is_read_again(millis in any::<i64>()) {
            let name = made_at(millis);
            prop_assert_eq!(ActivityId::parse(&name.to_string()), Some(name));
        }

        #[test]
        fn a_later_entry_stands_behind_an_earlier_one(earlier in 0..1i64 << 47, by in 1..1i64 << 46) {
            prop_assert!(made_at(earlier) < made_at(earlier + by));
        }
    }
}
