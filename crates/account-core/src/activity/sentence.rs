//! What an audit entry says in words.

use crate::field::Fault;
use crate::text::checked_text;

checked_text! {
    /// A sentence of an audit entry (contract 7), or several. Line breaks and tabs may stand in it,
    /// other control characters may not: not every store can hold them.
    ///
    /// ```
    /// use account_core::activity::Sentence;
    /// assert_eq!(Sentence::parse("Sent.\nAnd read.").unwrap().as_str(), "Sent.\nAnd read.");
    /// assert!(Sentence::parse("a\0b").is_err());
    /// ```
    Sentence, "sentence", prepare: str::to_owned, faults: faults
}

fn faults(text: &str) -> Vec<Fault> {
    let forbidden = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.chars().any(forbidden) { vec![Fault::Format] } else { Vec::new() }
}
