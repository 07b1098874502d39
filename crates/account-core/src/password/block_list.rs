//! Passwords that everybody tries first: a list of well-known ones, compiled in, and the account's
//! own names. Asks no network. The list is exact: no other password is ever refused by chance.

use std::sync::LazyLock;

use zeroize::Zeroizing;

/// Lower case, sorted by bytes, one a line.
static COMMON: LazyLock<Vec<&'static str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

/// A name shorter than this is only refused as the whole password, not with digits around it.
const MIN_NAME_CHARACTERS: usize = 3;

/// Whether `password` is well known, or one of `names` dressed up with digits or signs at its ends.
/// The case of letters does not matter. Of a name with an `@`, the part before it counts too.
pub(super) fn is_compromised(password: &str, names: &[&str]) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    COMMON.binary_search(&lower.as_str()).is_ok()
        || names.iter().any(|name| {
            let name = name.to_lowercase();
            let local = name.rsplit_once('@').map(|(local, _)| local);
            [Some(name.as_str()), local].into_iter().flatten().any(|name| is_name(&lower, name))
        })
}

fn is_name(password: &str, name: &str) -> bool {
    let bare = letters(name);
    !name.is_empty() && password == name
        || bare.chars().count() >= MIN_NAME_CHARACTERS && letters(password) == bare
}

/// What is left without digits, blanks and signs at both ends.
fn letters(text: &str) -> &str {
    text.trim_matches(|c: char| !c.is_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sec_05_the_list_is_long_sorted_and_meets_the_length_rule() {
        assert!(COMMON.len() >= 3000, "{}", COMMON.len());
        assert!(COMMON.is_sorted_by(|a, b| a < b));
        assert!(COMMON.iter().all(|word| word.chars().count() >= 8 && **word == word.to_lowercase()));
    }

    #[test]
    fn sec_05_every_word_of_the_list_is_refused_in_any_case() {
        for word in COMMON.iter() {
            assert!(is_compromised(word, &[]) && is_compromised(&word.to_uppercase(), &[]), "{word}");
        }
        for word in ["password", "12345678", "password123", "Password1", "iloveyou", "P@ssw0rd"] {
            assert!(is_compromised(word, &[]), "{word}");
        }
    }

    #[test]
    fn sec_05_the_accounts_own_names_are_refused_with_digits_around_them_too() {
        let names = ["m.tester", "Maria.Example@example.com", "Kraken Panel", "", "Li"];
        for password in [
            "m.tester",
            "M.Tester2024!",
            "maria.example@example.com",
            "maria.example1",
            "kraken panel",
            "!!Kraken Panel!!",
        ] {
            assert!(is_compromised(password, &names), "{password}");
        }
        for password in ["li-34-57-92", "mtester-and-more", "example.com", "        ", "83920174"] {
            assert!(!is_compromised(password, &names), "{password}");
        }
    }

    proptest! {
        #[test]
        fn sec_05_a_random_password_is_never_refused(password in "[A-Za-z0-9]{16,40}") {
            prop_assert!(!is_compromised(&password, &["m.tester", "m@example.com", "Panel"]));
        }

        #[test]
        fn no_text_and_no_name_panics(password in "\\PC{0,40}", name in "\\PC{0,40}") {
            is_compromised(&password, &[&name]);
            prop_assert!(name.is_empty() || is_compromised(&name, &[&name]));
        }
    }
}
