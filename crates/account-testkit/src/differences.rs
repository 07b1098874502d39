//! What of an account is not as it should be, by name: secrets print redacted, so two states that
//! differ may look the same.

use std::fmt::{Debug, Write as _};

use account_core::store::AccountState;

/// The fields in which two states differ, with what they hold; `None` if they are equal.
pub(crate) fn between(expected: Option<&AccountState>, answered: Option<&AccountState>) -> Option<String> {
    let (expected, answered) = match (expected, answered) {
        (None, None) => return None,
        (Some(_), None) => return Some("the account is gone".to_owned()),
        (None, Some(answered)) => return Some(format!("the account is there: {answered:?}")),
        (Some(expected), Some(answered)) => (expected, answered),
    };
    let mut words = String::new();
    field(&mut words, "account", &expected.account, &answered.account);
    field(&mut words, "password", &expected.password, &answered.password);
    field(&mut words, "pending_two_factor", &expected.pending_two_factor, &answered.pending_two_factor);
    field(&mut words, "two_factor", &expected.two_factor, &answered.two_factor);
    field(&mut words, "recovery_codes", &expected.recovery_codes, &answered.recovery_codes);
    field(&mut words, "api_keys", &expected.api_keys, &answered.api_keys);
    field(&mut words, "ssh_keys", &expected.ssh_keys, &answered.ssh_keys);
    field(&mut words, "sessions", &expected.sessions, &answered.sessions);
    field(&mut words, "pending_sign_ins", &expected.pending_sign_ins, &answered.pending_sign_ins);
    field(&mut words, "mail_tokens", &expected.mail_tokens, &answered.mail_tokens);
    (!words.is_empty()).then_some(words)
}

fn field<T: PartialEq + Debug>(words: &mut String, name: &str, expected: &T, answered: &T) {
    if expected != answered {
        let (expected, answered) = where_they_part(&format!("{expected:?}"), &format!("{answered:?}"));
        // Writing to a text does not fail.
        let _ = write!(words, "`{name}` differs: expected {expected}, answered {answered}. ");
    }
}

/// Two long texts, from a little before where they part.
pub(crate) fn where_they_part(one: &str, other: &str) -> (String, String) {
    const BEFORE: usize = 60;
    const AFTER: usize = 160;
    if one.len().max(other.len()) <= BEFORE + AFTER {
        return (one.to_owned(), other.to_owned());
    }
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let start = same.saturating_sub(BEFORE);
    let part = |text: &str| {
        let mut characters = text.chars().skip(start);
        let shown: String = characters.by_ref().take(BEFORE + AFTER).collect();
        let (before, after) =
            (if start > 0 { "… " } else { "" }, if characters.next().is_some() { " …" } else { "" });
        format!("{before}{shown}{after}")
    };
    (part(one), part(other))
}
