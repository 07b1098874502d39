//! Numbers and random names that cannot be swapped for one another.
//!
//! A store makes nothing but [`AccountId`]; all else here is made by the core from its entropy, so
//! that two stores can be compared step by step.

use std::fmt;

use crate::malformed::Malformed;
use crate::ports::entropy::{Entropy, EntropyError};

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

macro_rules! random_name {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// A fresh one: 128 bits from `entropy`, 122 of them random, in the shape of a version 4 UUID (RFC 9562 section 5.4).
            ///
            /// # Errors
            /// [`EntropyError`] if the source failed.
            pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes)?;
                let [_, _, _, _, _, _, version, _, variant, ..] = &mut bytes;
                *version = (*version & 0x0f) | 0x40;
                *variant = (*variant & 0x3f) | 0x80;
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
    /// An audit entry's name.
    ActivityId, "activity id"
}
random_name! {
    /// A queued mail's name.
    MailId, "mail id"
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
