//! The commands that exchange a keyring's key while servers run (SEC-30): a key is added and every node learns
//! to read it, it is made current, rows are moved to it, the old one is retired. Each step can be repeated.
//!
//! What is moved and what may be retired is the core's to say; how a file is replaced is the keyring file's
//! affair.

use std::collections::BTreeSet;
use std::path::Path;

use account_core::ports::entropy::Entropy;
use account_core::ports::keyring::{KeyName, Keyring, KeyringError};
use serde::Serialize;

use crate::administration::{failure, print_json, print_line};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::{assembling, keyring_file, opening};

/// So many accounts are moved before the next are asked for.
const BATCH: u32 = 200;

/// Adds a new key at the end of the file, and prints its name.
///
/// # Errors
/// One line; the file is then as it was.
pub(crate) fn add(file: &Path, entropy: &dyn Entropy) -> Result<(), Failure> {
    let ring = keyring_file::replace(file, |text| Keyring::text_with_new_key(text, entropy))?;
    ring.names().last().map_or(Ok(()), |name| print_line(name.as_str()))
}

/// Puts the key first in the file, where it writes.
///
/// # Errors
/// One line; the file is then as it was.
pub(crate) fn promote(file: &Path, name: &str) -> Result<(), Failure> {
    let name = key_name(name)?;
    keyring_file::replace(file, |text| Keyring::text_with_current(text, &name)).map(drop)
}

/// What `rewrap` prints.
#[derive(Serialize)]
struct Rewrapped<'a> {
    current: &'a str,
    accounts: u64,
    moved: u64,
    still_named: BTreeSet<String>,
}

/// Moves every account to the current key, and prints what was done. What is done is done: a run that was
/// cut off is begun again.
///
/// # Errors
/// One line.
pub(crate) async fn rewrap(settings: Settings) -> Result<(), Failure> {
    let opened = opening::open(&settings).await?;
    let current = opened.keyring.current().clone();
    let accounts = assembling::accounts(&settings, opened).await?;
    let mut done =
        Rewrapped { current: current.as_str(), accounts: 0, moved: 0, still_named: BTreeSet::new() };
    let mut after = None;
    loop {
        let batch = accounts.reseal(after, BATCH).await.map_err(failure)?;
        done.accounts = done.accounts.saturating_add(batch.looked_at);
        done.moved = done.moved.saturating_add(batch.moved);
        done.still_named.extend(batch.still_named.iter().map(ToString::to_string));
        match batch.last {
            Some(last) => after = Some(last),
            None => return print_json(&done),
        }
    }
}

/// Takes leave of an older key: from then on the database does not ask for it, and its line may go.
///
/// # Errors
/// One line: it is the current key, or rows still name it, or the keyring has no such key.
pub(crate) async fn retire(settings: Settings, name: &str) -> Result<(), Failure> {
    let name = key_name(name)?;
    let opened = opening::open(&settings).await?;
    if opened.keyring.is_current(&name) {
        return Err(Failure::refused(format!("`{name}` is the current key: promote another one first")));
    }
    if !opened.keyring.names().any(|known| *known == name) {
        return Err(Failure::refused(KeyringError::Absent(name).to_string()));
    }
    let accounts = assembling::accounts(&settings, opened).await?;
    if !accounts.retire_key(&name).await.map_err(failure)? {
        return Err(Failure::refused(format!(
            "rows still name `{name}`, see `account-server keyring rewrap`: a password moves when its owner \
             signs in"
        )));
    }
    print_line(&format!("`{name}` is retired: now remove its line from the keyring of every node"))
}

fn key_name(text: &str) -> Result<KeyName, Failure> {
    KeyName::parse(text.trim()).ok_or_else(|| {
        // Not repeated: a whole line of the file may have been pasted, and with it a key.
        Failure::refused("that is no key's name: 1 to 16 characters of a-z, 0-9 and `-`")
    })
}
