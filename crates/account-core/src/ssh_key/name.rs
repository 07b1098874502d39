//! What an SSH key is called. The name has no part in the key's identity.

use crate::field::Fault;
use crate::text::{checked_text, is_blank, is_deceptive, is_longer_than};

/// The most characters (contract 9.6, F-26).
const MOST_CHARACTERS: usize = 191;

checked_text! {
    /// What an SSH key's owner calls it (contract 6.2): 1 to 191 characters as typed, without control
    /// characters and without those that reorder text.
    ///
    /// ```
    /// use account_core::{field::Fault, ssh_key::SshKeyName};
    /// assert_eq!(SshKeyName::parse("My Laptop").unwrap().as_str(), "My Laptop");
    /// assert_eq!(SshKeyName::parse(&"x".repeat(192)), Err(vec![Fault::TooLong(191)]));
    /// ```
    SshKeyName, "SSH key name", prepare: str::to_owned, faults: faults
}

fn faults(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if is_blank(text) {
        faults.push(Fault::Required);
        return faults;
    }
    if text.chars().any(is_deceptive) {
        faults.push(Fault::Format);
    }
    if is_longer_than(text, MOST_CHARACTERS) {
        faults.push(Fault::TooLong(MOST_CHARACTERS));
    }
    faults
}
