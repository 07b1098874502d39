//! What the short texts of a request have in common: lengths in characters, the characters that no
//! name may hold, and the shape of a type that wraps a checked text.
//!
//! It knows no field; each type states its own rule in its own room.

/// A character that is never shown and never meant: a control character, a line or paragraph
/// separator, or one that reorders the text around it (UAX #9), with which a name can pose as another.
pub(crate) fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{061C}' | '\u{200E}' | '\u{200F}')
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Whether `text` has more than `most` characters, without counting further than that, and without
/// counting at all where so few bytes cannot be more characters.
pub(crate) fn is_longer_than(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().nth(most).is_some()
}

/// Whether nothing is left of `text` once the white space around it is gone: absent, as the
/// contract reads it (1.1).
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(char::is_whitespace)
}

/// A type around a checked text: `$faults` names what is wrong with a text that is to be stored, and
/// `$prepare` turns what was typed into what is stored.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $what:literal, prepare: $prepare:expr, faults: $faults:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// From a request.
            ///
            /// # Errors
            /// All rules that the text breaks, in the contract's order.
            pub fn parse(text: &str) -> Result<Self, Vec<crate::field::Fault>> {
                let prepared: String = ($prepare)(text);
                let faults = ($faults)(prepared.as_str());
                if faults.is_empty() { Ok(Self(prepared)) } else { Err(faults) }
            }

            /// From a store: exactly what [`as_str`](Self::as_str) gave.
            ///
            /// # Errors
            #[doc = concat!("[`Malformed`](crate::malformed::Malformed) if it is no ", $what, ".")]
            pub fn from_stored(text: String) -> Result<Self, crate::malformed::Malformed> {
                let faults: Vec<crate::field::Fault> = ($faults)(text.as_str());
                if faults.is_empty() { Ok(Self(text)) } else { Err(crate::malformed::Malformed($what)) }
            }

            /// The text, as it is stored and shown.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = crate::malformed::Malformed;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text).map_err(|_| crate::malformed::Malformed($what))
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use checked_text;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_not_bytes() {
        assert!(!is_longer_than("äöü", 3));
        assert!(is_longer_than("äöü", 2));
        assert!(!is_longer_than("", 0));
    }

    #[test]
    fn what_reorders_or_hides_text_is_deceptive() {
        for c in ['\0', '\n', '\u{7f}', '\u{85}', '\u{2028}', '\u{202E}', '\u{2066}', '\u{200F}'] {
            assert!(is_deceptive(c), "{c:?}");
        }
        for c in [' ', 'a', 'é', '中', '😀', '\u{200D}'] {
            assert!(!is_deceptive(c), "{c:?}");
        }
    }
}
