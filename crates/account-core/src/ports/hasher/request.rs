//! What is asked of a hasher. A request owns all it needs, wipes it, and is computed without
//! looking anything up.

use std::fmt;

use zeroize::Zeroizing;

use super::HasherError;
use crate::password::{NewPassword, Password, PasswordHash};
use crate::ports::entropy::{Entropy, EntropyError};
use crate::ports::keyring::{Keyring, Pepper};

/// A fresh salt: 16 random bytes (SEC-06).
///
/// # Errors
/// [`EntropyError`] if the source failed.
pub fn fresh_salt(entropy: &dyn Entropy) -> Result<[u8; 16], EntropyError> {
    let mut salt = [0; 16];
    entropy.fill(&mut salt)?;
    Ok(salt)
}

/// A password to be hashed for storage.
pub struct HashRequest {
    pub(super) password: Zeroizing<Vec<u8>>,
    pub(super) account: [u8; 16],
    pub(super) salt: [u8; 16],
    pub(super) pepper: Pepper,
}

impl HashRequest {
    /// `account` is the account's uid: the hash fits no other. The salt is [fresh](fresh_salt).
    pub fn new(password: &NewPassword, account: [u8; 16], salt: [u8; 16], pepper: Pepper) -> Self {
        Self { password: Zeroizing::new(password.bytes().to_vec()), account, salt, pepper }
    }

    /// The same for a password that was just verified, whose hash is [out of date](PasswordHash::needs_rehash).
    /// It need not meet today's policy. `None` if it can be nobody's password.
    pub fn rehash(verified: &Password, account: [u8; 16], salt: [u8; 16], pepper: Pepper) -> Option<Self> {
        let password = Zeroizing::new(verified.bytes()?.to_vec());
        Some(Self { password, account, salt, pepper })
    }
}

/// A password to be checked against a stored hash.
pub struct VerifyRequest {
    /// `None` for a text that is too long to be a password: wrong, and never hashed.
    pub(super) password: Option<Zeroizing<Vec<u8>>>,
    pub(super) hash: PasswordHash,
    pub(super) account: [u8; 16],
    pub(super) pepper: Option<Pepper>,
}

impl VerifyRequest {
    /// Takes the pepper that `hash` names from the ring. `account` is the account's uid.
    ///
    /// # Errors
    /// [`HasherError::Malformed`] if the hash cannot be read, [`HasherError::UnknownPepper`] if the
    /// ring lacks its key.
    pub fn new(
        password: &Password,
        hash: &PasswordHash,
        account: [u8; 16],
        keyring: &Keyring,
    ) -> Result<Self, HasherError> {
        let pepper = match hash.pepper_name().map_err(|_| HasherError::Malformed)? {
            Some(name) => Some(keyring.pepper_named(&name).ok_or(HasherError::UnknownPepper(name))?),
            None => None,
        };
        let password = password.bytes().map(|bytes| Zeroizing::new(bytes.to_vec()));
        Ok(Self { password, hash: hash.clone(), account, pepper })
    }
}

impl fmt::Debug for HashRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HashRequest(..)")
    }
}

impl fmt::Debug for VerifyRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerifyRequest(..)")
    }
}
