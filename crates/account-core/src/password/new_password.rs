//! A password that an account may get.

use std::fmt;

use zeroize::Zeroizing;

use super::block_list::is_compromised;
use super::normalised::normalised;
use super::{MAX_CHARACTERS, PasswordPolicy};
use crate::field::Fault;

/// A password that met the policy. Nothing else can be hashed for storage.
///
/// ```compile_fail
/// # use account_core::password::{NewPassword, PasswordPolicy};
/// # let new = NewPassword::parse("correct horse battery", &PasswordPolicy::default(), &[]).unwrap();
/// println!("{new}");
/// ```
/// ```compile_fail
/// # use account_core::password::{NewPassword, PasswordPolicy};
/// # let new = NewPassword::parse("correct horse battery", &PasswordPolicy::default(), &[]).unwrap();
/// let same = new == new;
/// ```
pub struct NewPassword(Zeroizing<String>);

impl NewPassword {
    /// Checks `text` against `policy`. `names` are the account's own: username, e-mail address.
    ///
    /// ```
    /// use account_core::{field::Fault, password::{NewPassword, PasswordPolicy}};
    /// let policy = PasswordPolicy::default();
    /// assert!(NewPassword::parse("correct horse", &policy, &["mia"]).is_ok());
    /// let refused = NewPassword::parse("password", &policy, &["mia"]);
    /// assert_eq!(refused.unwrap_err(), [Fault::Compromised]);
    /// ```
    ///
    /// # Errors
    /// All rules it breaks, in the contract's order (3.3): [`Fault::Required`] alone if it is
    /// empty, else [`Fault::TooShort`], [`Fault::TooLong`] and [`Fault::Compromised`]. That it was confirmed is for the caller to see.
    pub fn parse(text: &str, policy: &PasswordPolicy, names: &[&str]) -> Result<Self, Vec<Fault>> {
        if text.is_empty() {
            return Err(vec![Fault::Required]);
        }
        let Some(text) = normalised(text) else {
            return Err(vec![Fault::TooLong(MAX_CHARACTERS)]);
        };
        let mut faults = Vec::new();
        if text.chars().count() < policy.min_characters() {
            faults.push(Fault::TooShort(policy.min_characters()));
        }
        // 256 characters are at most 1024 bytes, so the second limit needs no rule of its own.
        if text.chars().count() > MAX_CHARACTERS {
            faults.push(Fault::TooLong(MAX_CHARACTERS));
        }
        let product = policy.product_name.as_str();
        if policy.block_list && (is_compromised(&text, names) || is_compromised(&text, &[product])) {
            faults.push(Fault::Compromised);
        }
        if faults.is_empty() { Ok(Self(text)) } else { Err(faults) }
    }

    /// Whether it is one of `names` dressed up, or well known.
    pub(crate) fn is_made_of(&self, names: &[&str]) -> bool {
        is_compromised(&self.0, names)
    }

    /// The normalised bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &str) -> Vec<Fault> {
        NewPassword::parse(text, &PasswordPolicy::default(), &[]).err().unwrap_or_default()
    }

    #[test]
    fn sec_01_eight_to_256_characters_of_any_script_are_taken() {
        for letter in ["x", "\u{6f22}", "\u{e9}"] {
            let of = |count: usize| faults(&format!("z-y{}", letter.repeat(count - 3)));
            assert_eq!(of(7), [Fault::TooShort(8)], "{letter}");
            for count in [8, 64, 128, 256] {
                assert_eq!(of(count), [], "{letter} {count}");
            }
            assert_eq!(of(257), [Fault::TooLong(256)], "{letter}");
        }
        assert_eq!(faults(&"\u{1f511}".repeat(256)), []);
    }

    #[test]
    fn sec_01_characters_are_counted_after_normalisation() {
        assert_eq!(faults(&"e\u{301}".repeat(7)), [Fault::TooShort(8)]);
        assert_eq!(faults(&"e\u{301}".repeat(256)), []);
    }

    #[test]
    fn sec_01_what_is_over_the_limit_is_refused_and_never_cut() {
        // A letter that NFC takes apart into three: 256 typed, 768 kept.
        assert_eq!(faults(&"\u{1d160}".repeat(256)), [Fault::TooLong(256)]);
        assert_eq!(faults(&"q".repeat(100_000)), [Fault::TooLong(256)]);
    }

    #[test]
    fn sec_02_spaces_and_control_characters_are_characters() {
        for text in ["        ", " a b c d ", "nul\0nul\0", "tab\ttab\t"] {
            assert_eq!(faults(text), [], "{text:?}");
        }
        assert_eq!(faults(""), [Fault::Required]);
    }

    #[test]
    fn sec_05_the_block_list_can_be_turned_off_and_knows_the_product() {
        let policy = PasswordPolicy { product_name: "Kraken Panel".into(), ..PasswordPolicy::default() };
        assert_eq!(NewPassword::parse("krakenpanel", &policy, &[]).err(), None, "another text than the name");
        assert_eq!(NewPassword::parse("Kraken Panel 1", &policy, &[]).unwrap_err(), [Fault::Compromised]);
        let off = PasswordPolicy { block_list: false, ..policy };
        assert!(NewPassword::parse("password", &off, &["password"]).is_ok());
    }

    #[test]
    fn sec_01_the_minimum_can_be_raised_but_never_above_64_nor_below_eight() {
        let with = |min_characters, count: usize| {
            let policy = PasswordPolicy { min_characters, ..PasswordPolicy::default() };
            NewPassword::parse(&"w\u{e9}".repeat(count / 2), &policy, &[]).map(|_| ())
        };
        assert_eq!(with(15, 14), Err(vec![Fault::TooShort(15)]));
        assert_eq!(with(1, 6), Err(vec![Fault::TooShort(8)]));
        assert_eq!(with(500, 64), Ok(()));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_taken_keeps_its_limits(text in "\\PC{0,400}") {
            if let Ok(password) = NewPassword::parse(&text, &PasswordPolicy::default(), &[]) {
                prop_assert!(password.bytes().len() <= crate::password::MAX_BYTES);
                let characters = std::str::from_utf8(password.bytes()).unwrap().chars().count();
                prop_assert!((8..=MAX_CHARACTERS).contains(&characters));
            }
        }
    }
}
