//! A password's hash as a store keeps it.

use std::fmt;

use subtle::ConstantTimeEq as _;

use crate::malformed::Malformed;
use crate::ports::hasher::Argon2Params;
use crate::ports::hasher::phc::{self, Stored};
use crate::ports::keyring::KeyName;

/// An opaque text: a PHC string of the Argon2 family, or an imported bcrypt hash. Compared in
/// constant time, never printed.
///
/// ```
/// use account_core::password::PasswordHash;
/// let imported = PasswordHash::from_stored("$2y$10$imported".to_owned()).unwrap();
/// assert_eq!(format!("{imported:?}"), "PasswordHash(..)");
/// ```
#[derive(Clone)]
pub struct PasswordHash(Box<str>);

impl PasswordHash {
    /// The most bytes of a stored hash.
    pub const MAX_BYTES: usize = 512;

    /// From a store, or from another system. Only the outer form is looked at: what cannot be
    /// verified is found when somebody signs in, so that one bad hash hides no account.
    ///
    /// # Errors
    /// [`Malformed`] unless it begins with `$` and is printable ASCII of at most 512 bytes.
    pub fn from_stored(text: String) -> Result<Self, Malformed> {
        let right = text.starts_with('$')
            && text.len() <= Self::MAX_BYTES
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        if right { Ok(Self(text.into_boxed_str())) } else { Err(Malformed("password hash")) }
    }

    /// What this program's own hasher printed.
    pub(crate) fn made(text: String) -> Self {
        Self(text.into_boxed_str())
    }

    /// What a store keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the hash should be made anew now that the password is known: it is imported, its
    /// parameters are below `params`, or its pepper is not the `current` one (SEC-08).
    pub fn needs_rehash(&self, params: &Argon2Params, current: &KeyName) -> bool {
        match phc::parse(&self.0) {
            Ok(Stored::Argon2(hash)) => !hash.is_as_strong_as(params) || hash.key.as_ref() != Some(current),
            Ok(Stored::Bcrypt) | Err(_) => true,
        }
    }

    /// The key whose pepper went into the hash; `None` for an imported one. While a row names a
    /// key, the key cannot be retired.
    ///
    /// # Errors
    /// [`Malformed`] if the hash is of no known kind, or its parameters are out of bounds (SEC-07).
    pub fn pepper_name(&self) -> Result<Option<KeyName>, Malformed> {
        match phc::parse(&self.0)? {
            Stored::Argon2(hash) => Ok(hash.key),
            Stored::Bcrypt => Ok(None),
        }
    }
}

impl PartialEq for PasswordHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for PasswordHash {}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}
