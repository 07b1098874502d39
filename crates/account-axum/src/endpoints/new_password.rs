//! A new password and its confirmation, by the contract's rules (3.3): `required`, `string`,
//! `confirmed`, `min`, all of them reported on `password`.

use account_core::field::{Fault, FieldErrors};
use account_core::password::NewPassword;
use account_core::policy::Policy;

use crate::fields::{Field, Fields};

/// `names` are the account's own, which no password of it may be (SEC-05).
pub(crate) fn take(
    errors: &mut FieldErrors,
    fields: &Fields,
    policy: &Policy,
    names: &[&str],
) -> Option<NewPassword> {
    errors.take("password", parse(fields, policy, names))
}

fn parse(fields: &Fields, policy: &Policy, names: &[&str]) -> Result<NewPassword, Vec<Fault>> {
    let typed = fields.password("password").required(Fault::NotAString)?;
    let confirmed = fields.password("password_confirmation") == Field::Given(typed);
    match (confirmed, NewPassword::parse(typed, &policy.passwords, names)) {
        (true, parsed) => parsed,
        (false, Ok(_)) => Err(vec![Fault::NotConfirmed]),
        (false, Err(faults)) => Err([Fault::NotConfirmed].into_iter().chain(faults).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn rules(body: &str) -> Vec<&'static str> {
        let fields = Fields::from(Json::parse(body.as_bytes()).unwrap());
        let faults = parse(&fields, &Policy::default(), &["alice"]).err().unwrap_or_default();
        faults.iter().map(Fault::rule).collect()
    }

    #[test]
    fn every_rule_is_reported_in_the_contracts_order() {
        for (body, expected) in [
            (r#"{}"#, &["required"][..]),
            (r#"{"password":"","password_confirmation":""}"#, &["required"]),
            (r#"{"password":12345678,"password_confirmation":12345678}"#, &["string"]),
            (r#"{"password":"long enough"}"#, &["confirmed"]),
            (r#"{"password":"long enough","password_confirmation":"long enough "}"#, &["confirmed"]),
            (r#"{"password":"short","password_confirmation":"other"}"#, &["confirmed", "min"]),
            (r#"{"password":"short","password_confirmation":"short"}"#, &["min"]),
            (r#"{"password":"        ","password_confirmation":"        "}"#, &[]),
        ] {
            assert_eq!(rules(body), expected, "{body}");
        }
    }
}
