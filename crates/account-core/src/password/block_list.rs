//! Passwords that everybody tries first: a list of well-known ones, compiled in; one character over and
//! over, and runs along the digits, the alphabet or the keyboard, of fewer than 64 characters; and the
//! account's own names. Asks no network. The list is exact: no other password is ever refused by chance.

use std::cmp::Ordering;

use zeroize::Zeroizing;

use crate::text;

/// Lower case, sorted by bytes, each ended by a line feed. Searched as it lies in the program: an index
/// of it would cost every server memory for a question that is seldom asked.
static COMMON: &str = include_str!("common_passwords.txt");

/// What a finger runs along. A run may begin anywhere, go either way, and begin anew at the end.
const ROWS: [&str; 9] = [
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "yxcvbnm",
];

/// From the length of the list's shortest word to that at which every password is taken (SEC-01).
const RUN_CHARACTERS: std::ops::Range<usize> = 8..64;

/// A name shorter than this is only refused as the whole password, not with digits around it.
const MIN_NAME_CHARACTERS: usize = 3;

/// Whether `password` is well known, too plain, or one of `names` dressed up with digits or signs at its
/// ends. The case of letters does not matter. Of a name with an `@`, the part before it counts too.
pub(super) fn is_compromised(password: &str, names: &[&str]) -> bool {
    let lower = Zeroizing::new(password.to_lowercase());
    is_common(&lower)
        || is_a_run(&lower)
        || names.iter().any(|name| {
            let name = name.to_lowercase();
            let local = name.rsplit_once('@').map(|(local, _)| local);
            [Some(name.as_str()), local].into_iter().flatten().any(|name| is_name(&lower, name))
        })
}

/// Halves what is left of the list, always at the beginning of a line.
fn is_common(lower: &str) -> bool {
    let mut rest = COMMON;
    while !rest.is_empty() {
        let (before, after) = rest.split_at(beginning_of_line(rest, rest.len() / 2));
        let (line, beyond) = after.split_once('\n').unwrap_or((after, ""));
        match lower.cmp(line) {
            Ordering::Equal => return true,
            Ordering::Less => rest = before,
            Ordering::Greater => rest = beyond,
        }
    }
    false
}

/// Where the line begins in which the byte `at` lies.
fn beginning_of_line(text: &str, at: usize) -> usize {
    let mut before = text.as_bytes().iter().take(at);
    before.rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1))
}

/// Whether each character follows from the one before by the same step: none, or one along a row. Of
/// ASCII alone, that everybody can type; and spaces alone are a password (SEC-02).
fn is_a_run(lower: &str) -> bool {
    if !RUN_CHARACTERS.contains(&lower.len()) || !lower.is_ascii() || text::is_blank(lower) {
        return false;
    }
    let repeats = lower.chars().zip(lower.chars().skip(1)).all(|(one, next)| one == next);
    repeats || ROWS.iter().any(|row| runs_along(row, lower))
}

fn runs_along(row: &str, password: &str) -> bool {
    let place = |c: char| row.chars().position(|other| other == c);
    let length = row.chars().count();
    let follows = |one: char, next: char| {
        place(one)
            .zip(place(next))
            .is_some_and(|(one, next)| one.saturating_add(1).checked_rem(length) == Some(next))
    };
    let steps = || password.chars().zip(password.chars().skip(1));
    steps().all(|(one, next)| follows(one, next)) || steps().all(|(one, next)| follows(next, one))
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
        assert!(COMMON.lines().count() >= 15_000, "{}", COMMON.lines().count());
        assert!(COMMON.lines().is_sorted_by(|a, b| a < b));
        assert!(COMMON.lines().all(|word| word.chars().count() >= 8 && *word == word.to_lowercase()));
        assert!(COMMON.ends_with('\n'));
    }

    #[test]
    fn sec_05_what_everybody_tries_first_is_refused() {
        for word in [
            "00000000",
            "88888888",
            "99999999",
            "1111111111",
            "87654321",
            "987654321",
            "123123123",
            "abcdefgh",
            "0123456789",
            "aaaaaaaa",
            "letmein123",
            "12341234",
            "qwerty123",
            "password1",
            "Football1",
        ] {
            assert!(is_compromised(word, &[]), "{word}");
        }
    }

    #[test]
    fn sec_05_one_character_over_and_over_and_plain_runs_are_refused() {
        for word in [
            "%%%%%%%%%%%%%%%%%",
            "QQQQQQQQQQQQQQQQQQQQQQQ",
            "12345678901234567890123",
            "098765432109876543210",
            "34567890",
            "cdefghijklmn",
            "zyxwvutsrqponmlkjihgfedcba",
            "XYZABCDEFG",
            "qwertyuiopqwerty",
            "poiuytrewq",
            "lkjhgfdsa",
            "asdfghjklasdfghjkl",
            "mnbvcxzmnbvcxz",
            "qwertzuiop",
        ] {
            assert!(is_compromised(word, &[]), "{word}");
        }
        for word in ["abcdefgi-h", "19735028", "aaaaaaab!", "asdf-ghjk-lqwe", "kjhgfdsx", "漢漢漢漢漢漢漢漢"]
        {
            assert!(!is_compromised(word, &[]), "{word}");
        }
        assert!(is_compromised(&"x".repeat(63), &[]) && !is_compromised(&"x".repeat(64), &[]));
    }

    #[test]
    fn sec_05_every_word_of_the_list_is_refused_in_any_case() {
        for word in COMMON.lines() {
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
