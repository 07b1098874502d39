//! The kinds of keys that are taken, and what must be true of their numbers and points (SEC-45).

use ed25519_dalek::VerifyingKey;

use super::wire::{Reader, strings, twos_complement};
use crate::field::Fault;

const RSA: &str = "ssh-rsa";
const ED25519: &str = "ssh-ed25519";
const SK_ED25519: &str = "sk-ssh-ed25519@openssh.com";
const SK_ECDSA: &str = "sk-ecdsa-sha2-nistp256@openssh.com";
const DSA: &str = "ssh-dss";
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=16_384;

/// A curve of RFC 5656 section 10.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(super) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    fn algorithm(self) -> &'static str {
        match self {
            Self::P256 => "ecdsa-sha2-nistp256",
            Self::P384 => "ecdsa-sha2-nistp384",
            Self::P521 => "ecdsa-sha2-nistp521",
        }
    }

    /// Whether `point` is an uncompressed point of the curve.
    fn holds(self, point: &[u8]) -> bool {
        matches!(point, [4, ..])
            && match self {
                Self::P256 => p256::PublicKey::from_sec1_bytes(point).is_ok(),
                Self::P384 => p384::PublicKey::from_sec1_bytes(point).is_ok(),
                Self::P521 => p521::PublicKey::from_sec1_bytes(point).is_ok(),
            }
    }
}

/// A key of an accepted kind.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum KeyData<'a> {
    /// Exponent and modulus, big-endian without leading zeros.
    Rsa {
        e: &'a [u8],
        n: &'a [u8],
    },
    Ed25519(&'a [u8; 32]),
    Ecdsa {
        curve: Curve,
        point: &'a [u8],
    },
    /// A key on a FIDO device, bound to an application's name.
    SkEd25519 {
        key: &'a [u8; 32],
        application: &'a str,
    },
    SkEcdsa {
        point: &'a [u8],
        application: &'a str,
    },
}

impl<'a> KeyData<'a> {
    /// Reads the wire form, whose own type must be `algorithm`, to its last byte, and checks it.
    pub(super) fn from_blob(algorithm: &str, blob: &'a [u8]) -> Result<Self, Fault> {
        Self::of_shape(algorithm, blob)?.check()
    }

    /// Reads the wire form without a look at its numbers and points.
    pub(super) fn of_shape(algorithm: &str, blob: &'a [u8]) -> Result<Self, Fault> {
        let mut reader = Reader(blob);
        if reader.string() != Some(algorithm.as_bytes()) {
            return Err(Fault::SshKeyInvalid);
        }
        if algorithm == DSA {
            return Err(Fault::SshKeyDsa);
        }
        read(algorithm, &mut reader).filter(|_| reader.is_empty()).ok_or(Fault::SshKeyInvalid)
    }

    /// Lets a key through whose parameters are sound.
    pub(super) fn check(self) -> Result<Self, Fault> {
        let sound = match self {
            Self::Rsa { e, n } => {
                let sound = is_odd(e) && is_odd(n) && e != [1] && e.len() < n.len();
                if sound && bits(n) < *RSA_BITS.start() {
                    return Err(Fault::SshKeyRsaTooShort);
                }
                sound && RSA_BITS.contains(&bits(n))
            }
            Self::Ed25519(key) => is_ed25519(key),
            Self::Ecdsa { curve, point } => curve.holds(point),
            Self::SkEd25519 { key, application } => is_ed25519(key) && is_application(application),
            Self::SkEcdsa { point, application } => Curve::P256.holds(point) && is_application(application),
        };
        if sound { Ok(self) } else { Err(Fault::SshKeyInvalid) }
    }

    /// The type's name, in the blob and before it.
    pub(super) fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa { .. } => RSA,
            Self::Ed25519(_) => ED25519,
            Self::Ecdsa { curve, .. } => curve.algorithm(),
            Self::SkEd25519 { .. } => SK_ED25519,
            Self::SkEcdsa { .. } => SK_ECDSA,
        }
    }

    /// The wire form.
    pub(super) fn to_blob(&self) -> Vec<u8> {
        let algorithm = self.algorithm().as_bytes();
        match self {
            Self::Rsa { e, n } => strings(&[algorithm, &twos_complement(e), &twos_complement(n)]),
            Self::Ed25519(key) => strings(&[algorithm, *key]),
            Self::Ecdsa { curve, point } => strings(&[algorithm, curve.name().as_bytes(), point]),
            Self::SkEd25519 { key, application } => strings(&[algorithm, *key, application.as_bytes()]),
            Self::SkEcdsa { point, application } => {
                strings(&[algorithm, Curve::P256.name().as_bytes(), point, application.as_bytes()])
            }
        }
    }
}

/// What stands in the blob behind its type; `None` for a type or a shape that is not taken.
fn read<'a>(algorithm: &str, reader: &mut Reader<'a>) -> Option<KeyData<'a>> {
    if let Some(curve) = Curve::ALL.into_iter().find(|curve| curve.algorithm() == algorithm) {
        let named = reader.string()? == curve.name().as_bytes();
        return named.then_some(KeyData::Ecdsa { curve, point: reader.string()? });
    }
    match algorithm {
        RSA => Some(KeyData::Rsa { e: reader.positive()?, n: reader.positive()? }),
        ED25519 => Some(KeyData::Ed25519(reader.string()?.try_into().ok()?)),
        SK_ED25519 => {
            let key = reader.string()?.try_into().ok()?;
            Some(KeyData::SkEd25519 { key, application: std::str::from_utf8(reader.string()?).ok()? })
        }
        SK_ECDSA => {
            let named = reader.string()? == Curve::P256.name().as_bytes();
            let point = reader.string()?;
            let application = std::str::from_utf8(reader.string()?).ok()?;
            named.then_some(KeyData::SkEcdsa { point, application })
        }
        _ => None,
    }
}

fn is_odd(number: &[u8]) -> bool {
    number.last().is_some_and(|low| low & 1 == 1)
}

fn bits(number: &[u8]) -> usize {
    let top = number.first().map_or(0, |high| high.leading_zeros());
    number.len().saturating_mul(8).saturating_sub(usize::try_from(top).unwrap_or(usize::MAX))
}

/// A point of the curve in its one encoding (RFC 8032 section 5.1.3), and not one of the few with
/// which a signature can be made without a private key.
fn is_ed25519(key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(key).is_ok_and(|point| !point.is_weak()) && !is_above_the_field(key)
}

/// Whether the little-endian number without its top bit is 2^255 − 19 or more.
fn is_above_the_field(key: &[u8; 32]) -> bool {
    matches!(key, [0xed..=0xff, middle @ .., 0x7f | 0xff] if middle.iter().all(|byte| *byte == 0xff))
}

fn is_application(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(char::is_control)
}
