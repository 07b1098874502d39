//! The username: what it may be made of. Whether it is free is the store's to say.

use crate::field::Fault;
use crate::text::{checked_text, is_blank};

checked_text! {
    /// A username (contract 3.1): 3 to 191 of `a-z`, `0-9`, `_`, `.` and `-`, beginning and ending
    /// with a letter or digit. Stored in lower case, unique, and never with an `@`, so that it cannot
    /// be read as an address.
    ///
    /// ```
    /// use account_core::profile::Username;
    /// assert_eq!(Username::parse("John_Doe").unwrap().as_str(), "john_doe");
    /// assert!(Username::parse("john@doe").is_err());
    /// ```
    Username, "username", prepare: str::to_ascii_lowercase, faults: faults
}

fn faults(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if is_blank(text) {
        faults.push(Fault::Required);
        return faults;
    }
    let is_end = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inside = text.chars().all(|c| is_end(c) || matches!(c, '_' | '.' | '-'));
    if !(inside && text.starts_with(is_end) && text.ends_with(is_end)) {
        faults.push(Fault::Format);
    }
    if !(3..=191).contains(&text.chars().count()) {
        faults.push(Fault::Between { min: 3, max: 191 });
    }
    faults
}
