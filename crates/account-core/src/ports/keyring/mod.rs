//! The keyring: named keys, one current, older ones still open. It seals what must be read again
//! (two-factor secrets, recovery digests, mail), authenticates what rows grant, and peppers passwords.
//!
//! Each purpose has a subkey of its own (HKDF-SHA-256), derived once when the ring is parsed. The
//! ring does not read files or environment variables: whoever wires the program hands in the text.
//! A database keeps the keys' names and [check values](KeyCheck), never a key.
//!
//! ```
//! use account_core::ports::{entropy::OsEntropy, keyring::{Keyring, Purpose}};
//! let text = Keyring::generate(&OsEntropy).unwrap();
//! let ring = Keyring::parse(&text).unwrap();
//! let sealed = ring.seal(&OsEntropy, Purpose::TotpSecret, &[b"owner"], b"secret").unwrap();
//! assert_eq!(*ring.open(Purpose::TotpSecret, &[b"owner"], &sealed).unwrap(), b"secret");
//! assert!(ring.open(Purpose::TotpSecret, &[b"another"], &sealed).is_err());
//! ```

mod check;
mod envelope;
mod error;
mod key;
mod key_name;
mod mac;
mod purpose;
mod seal;
mod text;

#[cfg(test)]
mod tests;

use std::fmt;

use zeroize::Zeroizing;

pub use check::KeyCheck;
pub use envelope::{Mac, Sealed};
pub use error::{KeyringError, OpenError};
pub use key_name::KeyName;
pub use purpose::{MacPurpose, Purpose};
pub use text::EXAMPLE_KEY;

use key::Key;

/// The keys a program holds: the first writes, all of them read. See the [module](self).
///
/// Holds no key text, only subkeys, which are wiped when it is dropped.
///
/// ```compile_fail
/// fn show(keyring: &account_core::ports::keyring::Keyring) {
///     println!("{keyring}");
/// }
/// ```
pub struct Keyring {
    current: Key,
    older: Vec<Key>,
}

/// A key's part in password hashing: Argon2's secret input (SEC-09), with the key's name.
#[derive(Clone)]
pub struct Pepper {
    name: KeyName,
    secret: Zeroizing<[u8; 32]>,
}

impl Pepper {
    /// A pepper of one's own, for a hasher that is used without a keyring.
    pub fn new(name: KeyName, secret: [u8; 32]) -> Self {
        Self { name, secret: Zeroizing::new(secret) }
    }

    /// The name that is stored with each hash.
    pub fn name(&self) -> &KeyName {
        &self.name
    }

    /// The secret input, for an implementation of the
    /// [`PasswordHasher`](crate::ports::hasher::PasswordHasher) port.
    pub fn secret(&self) -> &[u8; 32] {
        &self.secret
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pepper").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Keyring {
    /// The name of the key that writes.
    pub fn current(&self) -> &KeyName {
        &self.current.name
    }

    /// Whether `name` is the key that writes. What another key wrote is due for re-sealing.
    pub fn is_current(&self, name: &KeyName) -> bool {
        self.current.name == *name
    }

    /// The names of all keys, the current one first.
    pub fn names(&self) -> impl Iterator<Item = &KeyName> {
        self.keys().map(|key| &key.name)
    }

    /// The current key's pepper, for new hashes.
    pub fn pepper(&self) -> Pepper {
        self.current.pepper()
    }

    /// The pepper of the key that a stored hash names; `None` if the ring lacks it, which is a
    /// refusal and an alarm, never a reason to hash without (SEC-09).
    pub fn pepper_named(&self, name: &KeyName) -> Option<Pepper> {
        self.key(name).map(Key::pepper)
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.current).chain(&self.older)
    }

    fn key(&self, name: &KeyName) -> Option<&Key> {
        self.keys().find(|key| key.name == *name)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.names().map(KeyName::as_str).collect();
        f.debug_struct("Keyring").field("names", &names).finish_non_exhaustive()
    }
}
