//! What a client calls itself: somebody else's text, made harmless. Nothing decides by it.

use crate::field::Fault;
use crate::text::{checked_text, is_longer_than};

/// The most characters that are kept.
const MOST_CHARACTERS: usize = 255;

checked_text! {
    /// The name that a client gives itself: at most 255 characters, none of them a control character,
    /// so that any store can hold it. What is longer is cut, control characters are left out.
    ///
    /// ```
    /// use account_core::session::UserAgent;
    /// assert_eq!(UserAgent::parse("curl/8\r\n\0").unwrap().as_str(), "curl/8");
    /// assert!(UserAgent::parse("\0").is_err());
    /// ```
    UserAgent, "user agent", prepare: clean, faults: faults
}

fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MOST_CHARACTERS).collect()
}

fn faults(text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    if text.is_empty() {
        faults.push(Fault::Required);
    }
    if text.chars().any(char::is_control) {
        faults.push(Fault::Format);
    }
    if is_longer_than(text, MOST_CHARACTERS) {
        faults.push(Fault::TooLong(MOST_CHARACTERS));
    }
    faults
}
