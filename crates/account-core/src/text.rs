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

    /// PostgreSQL has no text with NUL: one that got so far would fail the commit it is in.
    #[test]
    fn no_text_of_a_row_can_hold_nul() {
        use crate::{activity, api_key, email::Email, mail, password, ports, profile, session, ssh_key};
        for text in ["\0", "a\0b", "john\0@example.com", "$2b$04$\0", "ptlc_00000000\0", "en\0", "1.2.3.4\0"]
        {
            let stored = || text.to_owned();
            assert!(Email::parse(text).is_err() && Email::from_stored(stored(), stored()).is_err());
            assert!(
                profile::Username::parse(text).is_err() && profile::Username::from_stored(stored()).is_err()
            );
            assert!(
                profile::PersonName::parse(text).is_err()
                    && profile::PersonName::from_stored(stored()).is_err()
            );
            assert!(
                profile::Language::parse(text).is_err() && profile::Language::from_stored(stored()).is_err()
            );
            assert!(profile::Login::parse(text).is_none());
            assert!(api_key::Description::parse(text).is_err());
            assert!(api_key::Description::from_stored(stored()).is_err());
            assert!(api_key::ApiKeyIdentifier::parse(text).is_none());
            assert!(api_key::ApiKeyIdentifier::from_stored(text).is_err());
            assert!(api_key::AllowedIps::parse(&[text]).is_err());
            assert!(api_key::AllowedIps::from_stored(vec![stored()]).is_err());
            assert!(
                ssh_key::SshKeyName::parse(text).is_err()
                    && ssh_key::SshKeyName::from_stored(stored()).is_err()
            );
            assert!(ssh_key::SshPublicKey::parse(text).is_err());
            assert!(ssh_key::SshPublicKey::from_stored(stored()).is_err());
            assert!(
                session::UserAgent::parse(text).is_ok_and(|agent| !agent.as_str().contains('\0'))
                    || text == "\0"
            );
            assert!(session::UserAgent::from_stored(stored()).is_err());
            assert!(
                activity::Sentence::parse(text).is_err()
                    && activity::Sentence::from_stored(stored()).is_err()
            );
            assert!(activity::Event::from_stored(text).is_err());
            assert!(mail::MailTokenPurpose::from_stored(text).is_err());
            assert!(password::PasswordHash::from_stored(stored()).is_err());
            assert!(ports::keyring::KeyName::parse(text).is_none());
            assert!(ports::keyring::KeyName::from_stored(text).is_err());
        }
    }
}
