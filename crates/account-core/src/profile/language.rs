//! The preferred language: the shape of a tag. Which languages exist is the embedding application's to know.

use crate::field::Fault;
use crate::text::{checked_text, is_blank, is_longer_than};

/// The longest tag that software need support (RFC 5646 section 4.4.1).
const MOST_CHARACTERS: usize = 35;

checked_text! {
    /// A language code (contract 3.1) in the shape of RFC 5646, as typed: `en`, `pt-BR`, `zh-Hant`;
    /// `pt_BR` is taken too. Whether there is such a language is not looked up.
    ///
    /// ```
    /// use account_core::profile::Language;
    /// assert_eq!(Language::default().as_str(), "en");
    /// assert!(Language::parse("pt-BR").is_ok());
    /// assert!(Language::parse("../en").is_err());
    /// ```
    Language, "language", prepare: str::to_owned, faults: faults
}

impl Default for Language {
    /// `en`.
    fn default() -> Self {
        Self("en".to_owned())
    }
}

fn faults(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if is_blank(text) {
        faults.push(Fault::Required);
        return faults;
    }
    let mut subtags = text.split(['-', '_']);
    let language = subtags
        .next()
        .is_some_and(|tag| (2..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest =
        subtags.all(|tag| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric()));
    if !(language && rest) {
        faults.push(Fault::Format);
    }
    if is_longer_than(text, MOST_CHARACTERS) {
        faults.push(Fault::TooLong(MOST_CHARACTERS));
    }
    faults
}
