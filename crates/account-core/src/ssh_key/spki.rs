//! `SubjectPublicKeyInfo` (RFC 5280 section 4.1.2.7) of the kinds of keys that SSH has too, in DER.
//!
//! RSA as in RFC 3279 section 2.3.1, Ed25519 as in RFC 8410, the curves as in RFC 5480.

use super::key_data::{Curve, KeyData};
use super::wire::{magnitude, twos_complement};
use crate::field::Fault;

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const NULL: u8 = 0x05;
const OID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Reads a key to its last byte, and checks it.
pub(super) fn decode(der: &[u8]) -> Result<KeyData<'_>, Fault> {
    let (algorithm, parameters, key) = parts(der).ok_or(Fault::SshKeyInvalid)?;
    if algorithm == DSA {
        return Err(Fault::SshKeyDsa);
    }
    key_data(algorithm, parameters, key).ok_or(Fault::SshKeyInvalid)?.check()
}

/// The algorithm, what follows it beside it, and the bytes of the bit string.
fn parts(der: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let info = only(SEQUENCE, der)?;
    let (identifier, rest) = take(SEQUENCE, info)?;
    let (algorithm, parameters) = take(OID, identifier)?;
    match only(BIT_STRING, rest)? {
        [0, key @ ..] => Some((algorithm, parameters, key)),
        _ => None,
    }
}

fn key_data<'a>(algorithm: &[u8], parameters: &[u8], key: &'a [u8]) -> Option<KeyData<'a>> {
    match algorithm {
        RSA if parameters == [NULL, 0] => {
            let (n, rest) = take(INTEGER, only(SEQUENCE, key)?)?;
            Some(KeyData::Rsa { e: magnitude(only(INTEGER, rest)?)?, n: magnitude(n)? })
        }
        ED25519 if parameters.is_empty() => Some(KeyData::Ed25519(key.try_into().ok()?)),
        EC => {
            let named = only(OID, parameters)?;
            let curve = Curve::ALL.into_iter().find(|curve| curve_oid(*curve) == named)?;
            Some(KeyData::Ecdsa { curve, point: key })
        }
        _ => None,
    }
}

/// The key in DER; `None` for FIDO keys, which have no such form.
pub(super) fn encode(key: &KeyData<'_>) -> Option<Vec<u8>> {
    let (identifier, key) = match key {
        KeyData::Rsa { e, n } => {
            let numbers = [element(INTEGER, &twos_complement(n)), element(INTEGER, &twos_complement(e))];
            ([element(OID, RSA), element(NULL, &[])].concat(), element(SEQUENCE, &numbers.concat()))
        }
        KeyData::Ed25519(key) => (element(OID, ED25519), key.to_vec()),
        KeyData::Ecdsa { curve, point } => {
            ([element(OID, EC), element(OID, curve_oid(*curve))].concat(), point.to_vec())
        }
        KeyData::SkEd25519 { .. } | KeyData::SkEcdsa { .. } => return None,
    };
    let bits = [&[0], key.as_slice()].concat();
    Some(element(SEQUENCE, &[element(SEQUENCE, &identifier), element(BIT_STRING, &bits)].concat()))
}

fn curve_oid(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
    }
}

/// The content of the element that `der` begins with, and what follows it.
fn take(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (length, rest) = match rest {
        [short @ 0..=0x7f, rest @ ..] => (usize::from(*short), rest),
        [0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
        [0x82, high @ 1..=0xff, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The content of an element with nothing behind it.
fn only(tag: u8, der: &[u8]) -> Option<&[u8]> {
    take(tag, der).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// An element; `content` is far below 64 KiB, for no accepted key comes near it.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap_or(u16::MAX).to_be_bytes();
    let length: &[u8] = match (high, low) {
        (0, 0..=0x7f) => &[low],
        (0, _) => &[0x81, low],
        _ => &[0x82, high, low],
    };
    [&[tag], length, content].concat()
}
