//! Message authentication: HMAC-SHA-256 over the version and each part with its length, so no two
//! different lists of parts read the same.

use hmac::Mac as _;
use subtle::ConstantTimeEq as _;

use super::envelope::{MAC, VERSION};
use super::key::Key;
use super::{Keyring, Mac, MacPurpose, OpenError};

impl Keyring {
    /// Authenticates `parts` with the current key.
    ///
    /// ```
    /// # use account_core::ports::{entropy::OsEntropy, keyring::{Keyring, MacPurpose}};
    /// let ring = Keyring::parse(&Keyring::generate(&OsEntropy).unwrap()).unwrap();
    /// let mac = ring.mac(MacPurpose::ApiKey, &[b"id", b"owner"]);
    /// assert!(ring.verify_mac(MacPurpose::ApiKey, &[b"id", b"owner"], &mac).is_ok());
    /// assert!(ring.verify_mac(MacPurpose::ApiKey, &[b"ido", b"wner"], &mac).is_err());
    /// ```
    pub fn mac(&self, purpose: MacPurpose, parts: &[&[u8]]) -> Mac {
        Mac::new(&self.current.name, &tag(&self.current, purpose, parts))
    }

    /// Authenticates `parts` with the oldest key, which stays the same while newer ones are added and
    /// made current: for names that must be found again, such as those of counters. The oldest is the
    /// one whose name sorts first, wherever it stands.
    pub fn lasting_mac(&self, purpose: MacPurpose, parts: &[&[u8]]) -> Mac {
        let oldest = self.keys().min_by_key(|key| &key.name).unwrap_or(&self.current);
        Mac::new(&oldest.name, &tag(oldest, purpose, parts))
    }

    /// Checks, in constant time, that `mac` was made over the same parts for the same purpose.
    ///
    /// # Errors
    /// [`OpenError::UnknownKey`] if the ring lacks its key, [`OpenError::Forged`] if it does not fit.
    pub fn verify_mac(&self, purpose: MacPurpose, parts: &[&[u8]], mac: &Mac) -> Result<(), OpenError> {
        let name = mac.key_name();
        let key = self.key(name).ok_or_else(|| OpenError::UnknownKey(name.clone()))?;
        let fits: bool = tag(key, purpose, parts).ct_eq(mac.tag()).into();
        if fits { Ok(()) } else { Err(OpenError::Forged) }
    }
}

fn tag(key: &Key, purpose: MacPurpose, parts: &[&[u8]]) -> [u8; MAC] {
    let mut hmac = key.keyed_mac(purpose);
    hmac.update(&[VERSION]);
    for part in parts {
        hmac.update(&length(part));
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// A part's length, in eight bytes.
pub(super) fn length(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_le_bytes()
}
