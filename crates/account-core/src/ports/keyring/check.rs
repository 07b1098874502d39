//! How a database recognises the ring it was written with, without holding a key.

use subtle::ConstantTimeEq as _;

use super::{KeyName, Keyring, KeyringError};

/// A key's name with a value derived from the key: equal for the same key, useless to find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCheck {
    /// The key's name.
    pub name: KeyName,
    /// The derived value.
    pub check: [u8; 16],
}

impl Keyring {
    /// The check values of all keys, the current one first.
    pub fn checks(&self) -> Vec<KeyCheck> {
        self.keys().map(|key| KeyCheck { name: key.name.clone(), check: key.check }).collect()
    }

    /// Compares the ring with what a database recorded, and gives what to record there next: the current
    /// key, if it is new. A key that never wrote is not recorded, and neither is one that was retired.
    /// A program that gets an error must not start: it would lock everybody out, or write values
    /// that the right ring cannot read.
    ///
    /// # Errors
    /// [`KeyringError::Missing`] if the ring lacks a recorded key, [`KeyringError::Different`] if
    /// it has another key of that name.
    pub fn verify_checks(&self, recorded: &[KeyCheck]) -> Result<Option<KeyCheck>, KeyringError> {
        for known in recorded {
            let key = self.key(&known.name).ok_or_else(|| KeyringError::Missing(known.name.clone()))?;
            if !bool::from(key.check.ct_eq(&known.check)) {
                return Err(KeyringError::Different(known.name.clone()));
            }
        }
        let current = &self.current;
        let known = recorded.iter().any(|known| known.name == current.name);
        let new = || KeyCheck { name: current.name.clone(), check: current.check };
        Ok((!known).then(new))
    }
}
