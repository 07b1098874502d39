//! The ring as text: `name:base64` entries, separated by newlines or commas, the current key
//! first. `#` begins a comment that runs to the end of its line.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::key::Key;
use super::{KeyName, Keyring, KeyringError};
use crate::ports::entropy::{Entropy, EntropyError};

/// The key that the documentation shows. A ring that holds it is refused.
pub const EXAMPLE_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const HEADER: &str = "\
# Keyring: name:base64 of 32 random bytes, one key a line. The first key writes, all of them read.
# Keep a copy apart from the database. Without it the database's secrets are lost;
# beside it, whoever copies one copies both.
";

type Named = (KeyName, Zeroizing<[u8; 32]>);

impl Keyring {
    /// Reads a ring from its text. The first entry is the current key, which writes.
    ///
    /// ```
    /// use account_core::ports::keyring::{Keyring, KeyringError};
    /// let text = "# made in March\nmarch:q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=\n";
    /// assert_eq!(Keyring::parse(text).unwrap().current().as_str(), "march");
    /// assert_eq!(Keyring::parse("# nothing").unwrap_err(), KeyringError::Empty);
    /// ```
    ///
    /// # Errors
    /// [`KeyringError`] if it is empty, not of this form, names a key or repeats a key twice, or
    /// holds a key that is short, not random, or [the documentation's](EXAMPLE_KEY) (SEC-30).
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut named: Vec<Named> = Vec::new();
        for (index, entry) in entries(text).enumerate() {
            let (name, key) = parse_entry(index.saturating_add(1), entry)?;
            refuse_repeats(&named, &name, &key)?;
            named.push((name, key));
        }
        let mut keys = named.into_iter().map(|(name, key)| Key::derive(name, &key));
        let current = keys.next().ok_or(KeyringError::Empty)?;
        Ok(Self { current, older: keys.collect() })
    }

    /// The text of a new ring with one key.
    ///
    /// # Errors
    /// [`EntropyError`] if no key could be drawn.
    pub fn generate(entropy: &dyn Entropy) -> Result<Zeroizing<String>, EntropyError> {
        let entry = new_entry(entropy)?;
        Ok(joined(&[HEADER, &entry, "\n"]))
    }

    /// The text of `text`'s ring with a new current key; the others stay, to read what they wrote.
    ///
    /// # Errors
    /// [`KeyringError`] if `text` is not a good ring, or no key could be drawn.
    pub fn with_new_current_key(
        text: &str,
        entropy: &dyn Entropy,
    ) -> Result<Zeroizing<String>, KeyringError> {
        Self::parse(text)?;
        let comments: usize =
            text.split_inclusive('\n').take_while(|line| entries(line).next().is_none()).map(str::len).sum();
        let (comments, keys) = text.split_at_checked(comments).unwrap_or(("", text));
        let entry = new_entry(entropy)?;
        let renewed = joined(&[comments, &entry, "\n", keys]);
        Self::parse(&renewed)?;
        Ok(renewed)
    }
}

fn entries(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter_map(|line| line.split('#').next())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|entry| !entry.is_empty())
}

fn parse_entry(number: usize, entry: &str) -> Result<Named, KeyringError> {
    let (name, key) = entry.split_once(':').ok_or(KeyringError::NotAnEntry(number))?;
    let name = KeyName::parse(name.trim()).ok_or(KeyringError::BadName(number))?;
    let decoded = BASE64_NOPAD
        .decode(key.trim().trim_end_matches('=').as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| KeyringError::NotBase64(name.clone()))?;
    let wrong_length = || KeyringError::WrongLength { name: name.clone(), bytes: decoded.len() };
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(decoded.as_slice().try_into().map_err(|_| wrong_length())?);
    if key.iter().all(|byte| Some(byte) == key.first()) {
        return Err(KeyringError::NotRandom(name));
    }
    if *Zeroizing::new(BASE64.encode(&*key)) == *EXAMPLE_KEY {
        return Err(KeyringError::Example(name));
    }
    Ok((name, key))
}

fn refuse_repeats(earlier: &[Named], name: &KeyName, key: &[u8; 32]) -> Result<(), KeyringError> {
    for (other, other_key) in earlier {
        if other == name {
            return Err(KeyringError::RepeatedName(name.clone()));
        }
        if bool::from(other_key.ct_eq(key)) {
            return Err(KeyringError::RepeatedKey(other.clone(), name.clone()));
        }
    }
    Ok(())
}

/// A fresh entry. The random name tells two rings apart that were made independently.
fn new_entry(entropy: &dyn Entropy) -> Result<Zeroizing<String>, EntropyError> {
    let (mut name, mut key) = ([0; 4], Zeroizing::new([0; 32]));
    entropy.fill(&mut name)?;
    entropy.fill(&mut *key)?;
    let key = Zeroizing::new(BASE64.encode(&*key));
    Ok(joined(&["k-", &HEXLOWER.encode(&name), ":", &key]))
}

/// Joins into one allocation: growing a string would leave unwiped copies behind.
fn joined(parts: &[&str]) -> Zeroizing<String> {
    Zeroizing::new(parts.concat())
}
