//! The core's errors in the words of a terminal: one line, and no secret. The words of the API are the
//! edge's affair.

use account_core::field::{Fault, FieldErrors};
use account_core::{Error, Limit};

use crate::assembling::in_full;
use crate::failure::Failure;

/// What a refused operation says on the command line.
pub(crate) fn failure(error: Error) -> Failure {
    Failure::refused(match error {
        Error::Invalid(errors) => invalid(&errors),
        Error::LimitReached(Limit::ApiKeys) => "the user has as many API keys as allowed".into(),
        Error::Busy(_) => "too busy, please try again".into(),
        Error::Contended => "the account kept changing meanwhile, please try again".into(),
        Error::OutcomeUnknown(_) => {
            format!("{}: look whether it happened before trying again", in_full(&error))
        }
        other => in_full(&other),
    })
}

/// All broken rules: `username: has already been taken; email: …`.
pub(super) fn invalid(errors: &FieldErrors) -> String {
    let faults = errors.iter().map(|error| format!("{}: {}", error.field, words(&error.fault)));
    faults.collect::<Vec<_>>().join("; ")
}

fn words(fault: &Fault) -> String {
    match fault {
        Fault::Required => "must not be empty".into(),
        Fault::NotAnEmail => "is not an e-mail address".into(),
        Fault::Between { min, max } => format!("must be {min} to {max} characters"),
        Fault::Taken => "is already taken".into(),
        Fault::TooShort(min) => format!("must be at least {min} characters"),
        Fault::TooLong(max) => format!("must be at most {max} characters"),
        Fault::TooManyItems(max) => format!("must be at most {max}"),
        Fault::Format => "has characters or a form that it may not have".into(),
        Fault::Compromised => "is too easy to guess".into(),
        Fault::NotAnAddress(written) => {
            format!("`{}` is not an address or a network", written.escape_default())
        }
        other => format!("breaks the rule `{}`", other.rule()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_broken_rule_is_named_on_one_line() {
        let mut errors = FieldErrors::one("username", Fault::Taken);
        errors.add("password", Fault::TooShort(8));
        let line = failure(Error::Invalid(errors)).to_string();
        assert_eq!(line, "username: is already taken; password: must be at least 8 characters");
    }
}
