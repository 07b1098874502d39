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
        let entry = entry_number(1, entropy)?;
        Ok(joined(&[HEADER, &entry, "\n"]))
    }

    /// The text of `text`'s ring with a new key at its end: it reads from now on, and writes once it is
    /// [made current](Self::text_with_current). In between, every node learns to read it.
    ///
    /// # Errors
    /// [`KeyringError`] if `text` is not a good ring, or no key could be drawn.
    pub fn text_with_new_key(text: &str, entropy: &dyn Entropy) -> Result<Zeroizing<String>, KeyringError> {
        let newest = Self::parse(text)?.names().map(number_of).max().unwrap_or(0);
        let entry = entry_number(newest.saturating_add(1), entropy)?;
        let lines_end = if text.ends_with('\n') { "" } else { "\n" };
        let added = joined(&[text, lines_end, &entry, "\n"]);
        Self::parse(&added)?;
        Ok(added)
    }

    /// The text of `text`'s ring with the key `name` first, where it writes. The others keep their
    /// order, to read what they wrote.
    ///
    /// ```
    /// # use account_core::ports::{entropy::OsEntropy, keyring::Keyring};
    /// let old = Keyring::generate(&OsEntropy)?;
    /// let both = Keyring::text_with_new_key(&old, &OsEntropy)?;
    /// let new = Keyring::parse(&both)?.names().last().cloned().unwrap();
    /// let renewed = Keyring::parse(&Keyring::text_with_current(&both, &new)?)?;
    /// assert!(renewed.is_current(&new));
    /// # Ok::<(), account_core::ports::keyring::KeyringError>(())
    /// ```
    ///
    /// # Errors
    /// [`KeyringError`] if `text` is not a good ring, or has no such key.
    pub fn text_with_current(text: &str, name: &KeyName) -> Result<Zeroizing<String>, KeyringError> {
        if Self::parse(text)?.key(name).is_none() {
            return Err(KeyringError::Absent(name.clone()));
        }
        let lines: Vec<&str> = text.lines().collect();
        let comments = lines.iter().take_while(|line| entries(line).next().is_none()).count();
        let (comments, keys) = lines.split_at_checked(comments).unwrap_or((&[], &lines));
        // A line with several keys is taken apart; one with a single key keeps its comment.
        let keys: Vec<&str> = keys
            .iter()
            .flat_map(|line| if entries(line).count() > 1 { entries(line).collect() } else { vec![*line] })
            .collect();
        let (current, others): (Vec<&str>, Vec<&str>) =
            keys.into_iter().partition(|line| entries(line).any(|entry| is_named(entry, name)));
        let lines = comments.iter().copied().chain(current).chain(others);
        let renewed = joined(&lines.flat_map(|line| [line, "\n"]).collect::<Vec<_>>());
        Self::parse(&renewed)?;
        Ok(renewed)
    }
}

fn is_named(entry: &str, name: &KeyName) -> bool {
    entry.split_once(':').is_some_and(|(written, _)| written.trim() == name.as_str())
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

/// A fresh entry, such as `k-0001-90abcdef:…`. The number lets names sort as they were made; what is
/// random in the name tells two rings apart that were made independently.
fn entry_number(number: u32, entropy: &dyn Entropy) -> Result<Zeroizing<String>, EntropyError> {
    let (mut name, mut key) = ([0; 4], Zeroizing::new([0; 32]));
    entropy.fill(&mut name)?;
    entropy.fill(&mut *key)?;
    let key = Zeroizing::new(BASE64.encode(&*key));
    Ok(joined(&[&format!("k-{number:04}-"), &HEXLOWER.encode(&name), ":", &key]))
}

/// The number in the name of an entry that was made here; 0 for others.
fn number_of(name: &KeyName) -> u32 {
    let number = name.as_str().strip_prefix("k-").and_then(|rest| rest.split_once('-'));
    number.and_then(|(number, _)| number.parse().ok()).unwrap_or(0)
}

/// Joins into one allocation: growing a string would leave unwiped copies behind.
fn joined(parts: &[&str]) -> Zeroizing<String> {
    Zeroizing::new(parts.concat())
}
