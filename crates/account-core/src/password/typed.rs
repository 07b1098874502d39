//! What a client typed as its password.

use std::fmt;

use zeroize::Zeroizing;

use super::MAX_BYTES;
use super::normalised::normalised;

/// A password as typed, to be checked against a stored hash. Any text is one: what no account can
/// have is simply wrong.
///
/// It is wiped when dropped, and has no text form:
///
/// ```compile_fail
/// println!("{}", account_core::password::Password::new("secret".to_owned()));
/// ```
/// ```compile_fail
/// # use account_core::password::Password;
/// Password::new("a".to_owned()) == Password::new("a".to_owned());
/// ```
pub struct Password(Option<Zeroizing<String>>);

impl Password {
    /// Takes what was typed, in any Unicode form (SEC-04).
    ///
    /// ```
    /// use account_core::password::Password;
    /// let typed = Password::new("correct horse".to_owned());
    /// assert_eq!(format!("{typed:?}"), "Password(..)");
    /// ```
    pub fn new(typed: String) -> Self {
        let typed = Zeroizing::new(typed);
        Self(normalised(&typed).filter(|text| text.len() <= MAX_BYTES))
    }

    /// The normalised bytes; `None` if it is longer than any password can be, and thus wrong.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        self.0.as_ref().map(|text| text.as_bytes())
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bytes(text: &str) -> Option<Vec<u8>> {
        Password::new(text.to_owned()).bytes().map(<[u8]>::to_vec)
    }

    #[test]
    fn sec_04_both_unicode_forms_are_one_password_and_accents_count() {
        assert_eq!(bytes("caf\u{e9}-au-lait"), bytes("cafe\u{301}-au-lait"));
        assert_ne!(bytes("caf\u{e9}-au-lait"), bytes("cafe-au-lait"));
        // NFKC would merge these.
        assert_ne!(bytes("\u{fb01}lament"), bytes("filament"));
    }

    #[test]
    fn sec_02_nothing_is_trimmed_folded_or_cut() {
        for text in [" blanks around ", "\ttab", "nul\0inside", "UPPER", ""] {
            assert_eq!(bytes(text).unwrap(), text.as_bytes());
        }
    }

    #[test]
    fn sec_03_a_text_too_long_for_a_password_is_never_cut_to_one() {
        assert!(bytes(&"a".repeat(1024)).is_some());
        assert!(bytes(&"a".repeat(1025)).is_none());
        assert!(bytes(&"a".repeat(100_000)).is_none());
    }

    proptest! {
        #[test]
        fn sec_04_normalising_twice_changes_nothing(text in "\\PC{0,64}") {
            let once = bytes(&text).unwrap();
            prop_assert_eq!(bytes(std::str::from_utf8(&once).unwrap()).unwrap(), once);
        }
    }
}
