//! Given and family names: as free as names are, but nothing that hides or reorders text.

use unicode_normalization::UnicodeNormalization as _;

use crate::field::Fault;
use crate::text::{checked_text, is_blank, is_deceptive, is_longer_than};

checked_text! {
    /// A given or family name (contract 3.1): 1 to 191 characters of any script, in NFC and otherwise
    /// as typed, without control characters and without those that reorder text.
    ///
    /// ```
    /// use account_core::profile::PersonName;
    /// assert_eq!(PersonName::parse("O’Connor-Nguyễn").unwrap().as_str(), "O’Connor-Nguyễn");
    /// assert!(PersonName::parse("two\nlines").is_err());
    /// ```
    PersonName, "name", prepare: |text: &str| text.nfc().collect(), faults: faults
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
    if is_longer_than(text, 191) {
        faults.push(Fault::Between { min: 1, max: 191 });
    }
    faults
}
