//! The description of an API key. Nothing reads it but its owner.

use crate::field::Fault;
use crate::text::{checked_text, is_blank, is_longer_than};

/// The most characters (contract 9.6).
const MOST_CHARACTERS: usize = 500;

checked_text! {
    /// What an API key's owner calls it (contract 5.2): required, at most 500 characters, as typed.
    /// Line breaks and tabs may stand in it, other control characters may not.
    ///
    /// ```
    /// use account_core::api_key::Description;
    /// use account_core::field::Fault;
    /// assert_eq!(Description::parse("CI, main branch").unwrap().as_str(), "CI, main branch");
    /// assert_eq!(Description::parse(&"x".repeat(501)), Err(vec![Fault::TooLong(500)]));
    /// ```
    Description, "description", prepare: str::to_owned, faults: faults
}

fn faults(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if is_blank(text) {
        faults.push(Fault::Required);
        return faults;
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
        faults.push(Fault::Format);
    }
    if is_longer_than(text, MOST_CHARACTERS) {
        faults.push(Fault::TooLong(MOST_CHARACTERS));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_description_is_required_and_has_at_most_500_characters() {
        assert_eq!(Description::parse(""), Err(vec![Fault::Required]));
        assert_eq!(Description::parse(" \n"), Err(vec![Fault::Required]));
        assert!(Description::parse(&"😀".repeat(500)).is_ok());
        assert_eq!(Description::parse(&"😀".repeat(501)), Err(vec![Fault::TooLong(500)]));
    }

    #[test]
    fn line_breaks_may_stand_in_a_description_and_nul_may_not() {
        assert!(Description::parse("first\r\n\tsecond").is_ok());
        for text in ["a\0b", "a\u{1b}[31m", "a\u{7f}"] {
            assert_eq!(Description::parse(text), Err(vec![Fault::Format]), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_taken_is_kept_as_typed(text in any::<String>()) {
            if let Ok(description) = Description::parse(&text) {
                prop_assert_eq!(description.as_str(), &text);
                prop_assert_eq!(Description::from_stored(text), Ok(description));
            }
        }
    }
}
