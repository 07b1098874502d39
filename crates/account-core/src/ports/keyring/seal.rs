//! Sealing and opening: XChaCha20-Poly1305 with a random nonce of 192 bits.
//!
//! The associated data is the version and the key's name, the purpose, and each part of the
//! context with its length, so a value moved to another row, owner or column does not open.

use chacha20poly1305::XNonce;
use chacha20poly1305::aead::{Aead as _, Payload};
use zeroize::Zeroizing;

use super::envelope::{NONCE, header};
use super::{KeyName, Keyring, OpenError, Purpose, Sealed};
use crate::ports::entropy::{Entropy, EntropyError};

impl Keyring {
    /// Seals `plaintext` under the current key, bound to `purpose` and `context` (whose account,
    /// which set, which place).
    ///
    /// # Errors
    /// [`EntropyError`] if no nonce could be drawn.
    pub fn seal(
        &self,
        entropy: &dyn Entropy,
        purpose: Purpose,
        context: &[&[u8]],
        plaintext: &[u8],
    ) -> Result<Sealed, EntropyError> {
        let mut nonce = [0; NONCE];
        entropy.fill(&mut nonce)?;
        let key = &self.current;
        let aad = associated_data(&key.name, purpose, context);
        let ciphertext = key
            .cipher(purpose)
            .encrypt(&XNonce::from(nonce), Payload { msg: plaintext, aad: &aad })
            // Only a plaintext of more than 256 GiB is refused, which no memory holds beside its copy.
            .map_err(|_| EntropyError)?;
        Ok(Sealed::new(&key.name, &nonce, &ciphertext))
    }

    /// Opens what [`seal`](Self::seal) made with the same purpose and context.
    ///
    /// # Errors
    /// [`OpenError::UnknownKey`] if the ring lacks its key, [`OpenError::Forged`] for everything else.
    pub fn open(
        &self,
        purpose: Purpose,
        context: &[&[u8]],
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, OpenError> {
        let name = sealed.key_name();
        let key = self.key(name).ok_or_else(|| OpenError::UnknownKey(name.clone()))?;
        let (nonce, ciphertext) = sealed.body().ok_or(OpenError::Forged)?;
        let aad = associated_data(name, purpose, context);
        key.cipher(purpose)
            .decrypt(&XNonce::from(*nonce), Payload { msg: ciphertext, aad: &aad })
            .map(Zeroizing::new)
            .map_err(|_| OpenError::Forged)
    }
}

fn associated_data(name: &KeyName, purpose: Purpose, context: &[&[u8]]) -> Vec<u8> {
    let mut data = header(name);
    for part in std::iter::once(purpose.label()).chain(context.iter().copied()) {
        data.extend_from_slice(&super::mac::length(part));
        data.extend_from_slice(part);
    }
    data
}
