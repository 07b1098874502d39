//! What can be wrong with a keyring's text, with a ring beside a database, or with a sealed value.
//! No message repeats any part of a key.

use thiserror::Error;

use super::KeyName;
use crate::ports::entropy::EntropyError;

/// A keyring that must not be used (SEC-30). A program that meets one refuses to start.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// No entry at all.
    #[error("the keyring holds no key: it needs lines of the form `name:base64 of 32 bytes`")]
    Empty,
    /// An entry without a colon. Counted from 1; the text may be a key and is not repeated.
    #[error("entry {0} of the keyring is not of the form `name:base64 of 32 bytes`")]
    NotAnEntry(usize),
    /// An entry whose name is none.
    #[error("entry {0} of the keyring has no usable name: 1 to 16 characters of a-z, 0-9 and `-`")]
    BadName(usize),
    /// Not base64.
    #[error("the key `{0}` is not base64")]
    NotBase64(KeyName),
    /// Not 32 bytes.
    #[error("the key `{name}` has {bytes} bytes instead of 32")]
    WrongLength {
        /// The key.
        name: KeyName,
        /// How many bytes it has.
        bytes: usize,
    },
    /// All bytes equal, zero for one.
    #[error("the key `{0}` is not random")]
    NotRandom(KeyName),
    /// The key that the documentation shows.
    #[error("the key `{0}` is the example of the documentation, which everybody knows")]
    Example(KeyName),
    /// The same name twice.
    #[error("the keyring names `{0}` twice")]
    RepeatedName(KeyName),
    /// The same key under two names.
    #[error("the keys `{0}` and `{1}` are the same")]
    RepeatedKey(KeyName, KeyName),
    /// The ring has no key of this name.
    #[error("the keyring has no key `{0}`")]
    Absent(KeyName),
    /// The database was written with a key that the ring lacks.
    #[error("the database was written with the key `{0}`, which this keyring lacks")]
    Missing(KeyName),
    /// The database was written with another key of this name.
    #[error("the database was written with another key named `{0}`")]
    Different(KeyName),
    /// No new key could be made.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// A sealed value that does not open, or a MAC that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// The ring lacks the key: 503 and an alarm, since the right ring would open it.
    #[error("the keyring lacks the key `{0}`")]
    UnknownKey(KeyName),
    /// Altered, or made for another purpose or context: treated as absent, and an alarm.
    #[error("a stored value was altered or moved")]
    Forged,
}
