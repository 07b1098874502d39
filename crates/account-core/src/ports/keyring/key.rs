//! One key, taken apart into its subkeys. The key itself is not kept.

use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305};
use hkdf::Hkdf;
use hmac::Hmac;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{KeyName, MacPurpose, Pepper, Purpose};

pub(super) type HmacSha256 = Hmac<Sha256>;

pub(super) struct Key {
    pub(super) name: KeyName,
    seals: [XChaCha20Poly1305; Purpose::ALL.len()],
    /// Keyed states: a MAC clones one and neither derives a key nor pads it again.
    macs: [HmacSha256; MacPurpose::ALL.len()],
    pepper: Zeroizing<[u8; 32]>,
    pub(super) check: [u8; 16],
}

impl Key {
    pub(super) fn derive(name: KeyName, key: &[u8; 32]) -> Self {
        let root = Hkdf::<Sha256>::new(Some(b"account keyring v1"), key);
        let check = subkey(&root, b"check");
        let mut recognised = [0; 16];
        recognised.iter_mut().zip(check.iter()).for_each(|(to, from)| *to = *from);
        Self {
            name,
            seals: Purpose::ALL
                .map(|purpose| XChaCha20Poly1305::new((&*subkey(&root, purpose.label())).into())),
            macs: MacPurpose::ALL.map(|purpose| keyed(&subkey(&root, purpose.label()))),
            pepper: subkey(&root, b"pepper"),
            check: recognised,
        }
    }

    pub(super) fn cipher(&self, purpose: Purpose) -> &XChaCha20Poly1305 {
        let [totp, recovery, mail] = &self.seals;
        match purpose {
            Purpose::TotpSecret => totp,
            Purpose::RecoveryCode => recovery,
            Purpose::Mail => mail,
        }
    }

    pub(super) fn keyed_mac(&self, purpose: MacPurpose) -> HmacSha256 {
        let [api_key, session, throttle, recovery] = &self.macs;
        match purpose {
            MacPurpose::ApiKey => api_key,
            MacPurpose::Session => session,
            MacPurpose::Throttle => throttle,
            MacPurpose::Recovery => recovery,
        }
        .clone()
    }

    pub(super) fn pepper(&self) -> Pepper {
        Pepper { name: self.name.clone(), secret: self.pepper.clone() }
    }
}

#[expect(clippy::expect_used, reason = "32 bytes are far below HKDF's limit of 255 hashes")]
fn subkey(root: &Hkdf<Sha256>, label: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    root.expand(label, &mut *key).expect("32 bytes can be expanded");
    key
}

fn keyed(key: &[u8; 32]) -> HmacSha256 {
    // A key shorter than HMAC's block is padded with zeros (RFC 2104), so this is HMAC under `key`.
    let mut block = Zeroizing::new([0; 64]);
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    HmacSha256::new((&*block).into())
}
