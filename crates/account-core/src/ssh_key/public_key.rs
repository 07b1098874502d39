//! The public key type: which texts are taken, and the two forms it is shown in. What makes a key
//! sound is `key_data`'s to say.

use std::fmt;

use data_encoding::BASE64;

use super::fingerprint::Fingerprint;
use super::key_data::KeyData;
use super::{pem, spki};
use crate::field::Fault;
use crate::malformed::Malformed;
use crate::text;

/// The most bytes of a key's text (contract 6.2).
const MOST_BYTES: usize = 16 * 1024;

/// An SSH public key of an accepted kind (contract 9.5, SEC-45): RSA of 2048 to 16384 bits, Ed25519,
/// ECDSA on the three NIST curves, and the two kinds that FIDO devices hold.
///
/// Taken from one line of OpenSSH or from a PEM `PUBLIC KEY`; kept in the wire form that is written
/// anew from what was read, so that equal keys are equal and no comment is stored.
///
/// ```
/// use account_core::{field::Fault, ssh_key::SshPublicKey};
/// let line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFFtPameN6RgHF9BXDbpC3s66fjgvtuWYWaQcyZcxbAk";
/// let key = SshPublicKey::parse(&format!("{line} laptop@example.com")).unwrap();
/// assert_eq!(key.openssh(), line);
/// assert_eq!(key.fingerprint().to_string(), "SHA256:tfM9UvucVWg/hcgTaM5/IqWZM8V7kwlvXPs/tHEsWZQ");
/// assert_eq!(SshPublicKey::parse(&key.pkcs8_pem().unwrap()), Ok(key));
/// assert_eq!(SshPublicKey::parse("ssh-ed25519 AAAA"), Err(vec![Fault::SshKeyInvalid]));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SshPublicKey {
    line: String,
    fingerprint: Fingerprint,
}

impl SshPublicKey {
    /// From a request. White space around the key is dropped.
    ///
    /// # Errors
    /// One fault: [`Fault::Required`], [`Fault::TooManyBytes`], [`Fault::SshKeyDsa`],
    /// [`Fault::SshKeyRsaTooShort`], or [`Fault::SshKeyInvalid`] for all else, certificates, options,
    /// private keys, several keys and control characters among it.
    pub fn parse(text: &str) -> Result<Self, Vec<Fault>> {
        if text::is_blank(text) {
            return Err(vec![Fault::Required]);
        }
        if text.len() > MOST_BYTES {
            return Err(vec![Fault::TooManyBytes(MOST_BYTES)]);
        }
        let text = text.trim();
        let key = if pem::is_armoured(text) { Self::from_pem(text) } else { Self::from_line(text) };
        key.map_err(|fault| vec![fault])
    }

    /// From a store: what [`openssh`](Self::openssh) gave. Its numbers and points were checked when it was
    /// [parsed](Self::parse), and are not again: that took nine tenths of reading an account with fifty
    /// Ed25519 keys. Whoever writes to the database past this program could write a sound key of their own.
    ///
    /// # Errors
    /// [`Malformed`] for what has not the shape of such a line, a line with a comment too.
    pub fn from_stored(line: String) -> Result<Self, Malformed> {
        let fingerprint = fingerprint_of(&line).ok_or(Malformed("SSH public key"))?;
        Ok(Self { line, fingerprint })
    }

    /// The key as OpenSSH writes it in one line, without a comment: `<type> <base64>`.
    pub fn openssh(&self) -> &str {
        &self.line
    }

    /// The key as the panel shows it: PEM `PUBLIC KEY` with CRLF line ends. `None` for FIDO keys
    /// (`sk-…`), which have no such form; show [`openssh`](Self::openssh) instead.
    pub fn pkcs8_pem(&self) -> Option<String> {
        let (algorithm, blob) = wire_form(&self.line).ok()?;
        let key = KeyData::from_blob(algorithm, &blob).ok()?;
        spki::encode(&key).map(|der| pem::encode(&der))
    }

    /// SHA-256 of the wire form: what `ssh-keygen -l` prints. The comment has no part in it.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    fn from_pem(text: &str) -> Result<Self, Fault> {
        let der = pem::decode(text).ok_or(Fault::SshKeyInvalid)?;
        spki::decode(&der).map(|key| Self::of(&key))
    }

    fn from_line(line: &str) -> Result<Self, Fault> {
        if line.chars().any(char::is_control) {
            return Err(Fault::SshKeyInvalid);
        }
        let (algorithm, blob) = wire_form(line)?;
        KeyData::from_blob(algorithm, &blob).map(|key| Self::of(&key))
    }

    fn of(key: &KeyData<'_>) -> Self {
        let blob = key.to_blob();
        let line = format!("{} {}", key.algorithm(), BASE64.encode(&blob));
        Self { line, fingerprint: Fingerprint::of(&blob) }
    }
}

/// The first two words of `type base64 [comment]`, which single spaces divide; the second decoded.
fn wire_form(line: &str) -> Result<(&str, Vec<u8>), Fault> {
    let mut words = line.splitn(3, ' ');
    let (algorithm, base64) = words.next().zip(words.next()).ok_or(Fault::SshKeyInvalid)?;
    let blob = BASE64.decode(base64.as_bytes()).map_err(|_| Fault::SshKeyInvalid)?;
    Ok((algorithm, blob))
}

/// The fingerprint of a line that is as this program writes it; whether its key is sound is not asked.
fn fingerprint_of(line: &str) -> Option<Fingerprint> {
    let (algorithm, blob) = wire_form(line).ok()?;
    let again = KeyData::of_shape(algorithm, &blob).ok()?.to_blob();
    // Type, space, base64, and nothing after it.
    let whole = algorithm.len().checked_add(1)?.checked_add(BASE64.encode_len(blob.len()))?;
    (again == blob && line.len() == whole).then(|| Fingerprint::of(&blob))
}

impl fmt::Display for SshPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.openssh())
    }
}

impl fmt::Debug for SshPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SshPublicKey({self})")
    }
}
