//! The stored text of a hash: the PHC string of the Argon2 family, and bcrypt's.
//!
//! Ours reads `$argon2id$v=19$m=19456,t=2,p=1,keyid=<name>,data=dWlk$<salt>$<hash>`, all values in
//! unpadded base64: `keyid` is the name of the pepper's key, and `data` says `uid`, meaning that
//! the account's uid is the associated data. An imported hash has neither.

use argon2::{Algorithm, Version};
use data_encoding::BASE64_NOPAD;

use super::Argon2Params;
use crate::malformed::Malformed;
use crate::password::PasswordHash;
use crate::ports::keyring::KeyName;

/// What `data` says in our own hashes.
const BOUND_TO_UID: &[u8] = b"uid";
/// The dearest imported bcrypt hash that is computed: about two seconds (SEC-07).
const MAX_BCRYPT_COST: u32 = 15;

/// A stored hash, taken apart.
pub(crate) enum Stored {
    /// Of the Argon2 family: ours, or imported.
    Argon2(Argon2Hash),
    /// Imported; its text is verified as it is.
    Bcrypt,
}

/// An Argon2 hash, within the bounds of SEC-07.
pub(crate) struct Argon2Hash {
    pub(crate) algorithm: Algorithm,
    pub(crate) version: Version,
    pub(crate) params: Argon2Params,
    /// The pepper's key. Such a hash is also bound to the account's uid.
    pub(crate) key: Option<KeyName>,
    pub(crate) salt: Vec<u8>,
    pub(crate) output: Vec<u8>,
}

impl Argon2Hash {
    /// Whether a new hash with `params` would be no stronger.
    pub(crate) fn is_as_strong_as(&self, params: &Argon2Params) -> bool {
        self.algorithm == Algorithm::Argon2id
            && self.version == Version::V0x13
            && self.params.at_least(params)
            && self.output.len() >= 32
            && self.salt.len() >= 16
    }
}

pub(crate) fn parse(text: &str) -> Result<Stored, Malformed> {
    let parsed = if text.starts_with("$argon2") {
        argon2(text).map(Stored::Argon2)
    } else {
        is_bcrypt(text).then_some(Stored::Bcrypt)
    };
    parsed.ok_or(Malformed("password hash"))
}

pub(super) fn print(params: &Argon2Params, key: &KeyName, salt: &[u8], output: &[u8]) -> PasswordHash {
    let Argon2Params { memory_kib, iterations, parallelism } = params;
    let [key, data, salt, output] =
        [key.as_str().as_bytes(), BOUND_TO_UID, salt, output].map(|bytes| BASE64_NOPAD.encode(bytes));
    PasswordHash::made(format!(
        "$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism},keyid={key},data={data}${salt}${output}"
    ))
}

fn argon2(text: &str) -> Option<Argon2Hash> {
    let mut fields = text.strip_prefix('$')?.split('$').peekable();
    let algorithm = match fields.next()? {
        "argon2d" => Algorithm::Argon2d,
        "argon2i" => Algorithm::Argon2i,
        "argon2id" => Algorithm::Argon2id,
        _ => return None,
    };
    // Hashes of before 2015 name no version.
    let version = match fields.next_if(|field| field.starts_with("v=")) {
        None | Some("v=16") => Version::V0x10,
        Some("v=19") => Version::V0x13,
        Some(_) => return None,
    };
    let (params, key) = costs(fields.next()?)?;
    let salt = BASE64_NOPAD.decode(fields.next()?.as_bytes()).ok()?;
    let output = BASE64_NOPAD.decode(fields.next()?.as_bytes()).ok()?;
    let whole = fields.next().is_none()
        && params.within_bounds()
        && (8..=64).contains(&salt.len())
        && (16..=64).contains(&output.len());
    whole.then_some(Argon2Hash { algorithm, version, params, key, salt, output })
}

/// `m`, `t`, `p` in this order, then `keyid` and `data` or neither.
fn costs(field: &str) -> Option<(Argon2Params, Option<KeyName>)> {
    let mut pairs = field.split(',');
    let mut cost = |name: &str| number(pairs.next()?.strip_prefix(name)?);
    let params = Argon2Params { memory_kib: cost("m=")?, iterations: cost("t=")?, parallelism: cost("p=")? };
    let key = match pairs.next() {
        None => None,
        Some(keyid) => {
            let name = BASE64_NOPAD.decode(keyid.strip_prefix("keyid=")?.as_bytes()).ok()?;
            let data = BASE64_NOPAD.decode(pairs.next()?.strip_prefix("data=")?.as_bytes()).ok()?;
            if data != BOUND_TO_UID || pairs.next().is_some() {
                return None;
            }
            Some(KeyName::parse(std::str::from_utf8(&name).ok()?)?)
        }
    };
    Some((params, key))
}

fn number(text: &str) -> Option<u32> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
}

/// `$2y$10$` and 53 characters of salt and hash.
fn is_bcrypt(text: &str) -> bool {
    let Some(rest) = ["$2a$", "$2b$", "$2y$"].iter().find_map(|kind| text.strip_prefix(kind)) else {
        return false;
    };
    let Some((cost, body)) = rest.split_once('$') else { return false };
    cost.len() == 2
        && number(cost).is_some_and(|cost| (4..=MAX_BCRYPT_COST).contains(&cost))
        && body.len() == 53
        && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'/'))
}
