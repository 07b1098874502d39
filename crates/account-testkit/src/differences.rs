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
        // Writing to a text does not fail.
        let _ = write!(words, "`{name}` differs: expected {expected:?}, answered {answered:?}. ");
    }
}
