//! Signing in, in one step or two, and signing out (contract 8.2 to 8.4).

use account_core::account::Account;
use account_core::field::{Fault, FieldErrors};
use account_core::sign_in::{ConfirmationToken, PasswordStep, SecondFactor, SignedIn};
use account_core::two_factor::{RecoveryCode, TotpCode};
use axum::response::Response;
use serde::Serialize;

use crate::endpoint::Answer;
use crate::endpoints::account::password;
use crate::envelope::{Data, no_content, ok};
use crate::fields::{Field, Fields};
use crate::visit::{OpenEndpoint, Visit};

const DIGITS: usize = 6;

/// POST: name and password. What is missing or of the wrong type is wrong, and nothing more is said.
pub(crate) struct Login;

impl OpenEndpoint for Login {
    const PATH: &'static str = "/auth/login";
    const BEHIND_CAPTCHA: bool = true;

    async fn answer(visit: Visit<'_>) -> Answer {
        let name = visit.fields.string("user").given().unwrap_or_default();
        let typed = password(visit.fields, "password");
        let step = visit.edge.accounts().sign_in().with_password(name, typed.as_ref(), visit.client).await?;
        match step {
            PasswordStep::Complete(signed_in) => Ok(complete(visit, &signed_in).await),
            PasswordStep::SecondFactorNeeded(token) => {
                let awaited = Awaited { complete: false, confirmation_token: token.expose() };
                Ok(ok(&Data::new(awaited)))
            }
        }
    }
}

#[derive(Serialize)]
struct Awaited<'a> {
    complete: bool,
    confirmation_token: &'a str,
}

/// POST: the second factor. A recovery code counts before a code of the authenticator.
pub(crate) struct Checkpoint;

impl OpenEndpoint for Checkpoint {
    const PATH: &'static str = "/auth/login/checkpoint";

    async fn answer(visit: Visit<'_>) -> Answer {
        let (token, factor) = second_factor(visit.fields)?;
        let token = ConfirmationToken::parse(token);
        let sign_in = visit.edge.accounts().sign_in();
        let signed_in = sign_in.with_second_factor(token.as_ref(), &factor, visit.client).await?;
        Ok(complete(visit, &signed_in).await)
    }
}

fn second_factor(fields: &Fields) -> Result<(&str, SecondFactor), FieldErrors> {
    let mut errors = FieldErrors::default();
    let token = fields.string("confirmation_token").required(Fault::NotAString);
    let token = errors.take("confirmation_token", token);
    let (code, recovery) = (fields.code("authentication_code", DIGITS), fields.string("recovery_token"));
    // Each is required unless the other is there, of whatever type that is.
    let neither = matches!((&code, &recovery), (Field::Absent, Field::Absent));
    let needed = if neither { vec![Fault::Required] } else { Vec::new() };
    let code = match code {
        Field::Absent => Err(needed.clone()),
        code => code.required(Fault::NotANumber).map(|code| SecondFactor::Totp(TotpCode::parse(&code))),
    };
    let recovery = match recovery {
        Field::Absent => Err(needed),
        code => {
            code.required(Fault::NotAString).map(|code| SecondFactor::Recovery(RecoveryCode::parse(code)))
        }
    };
    let code = errors.take("authentication_code", code);
    let factor = errors.take("recovery_token", recovery).or(code);
    match (token, factor) {
        (Some(token), Some(factor)) if errors.iter().next().is_none() => Ok((token, factor)),
        _ => Err(errors),
    }
}

async fn complete(visit: Visit<'_>, signed_in: &SignedIn) -> Response {
    let user = Person::of(&signed_in.account);
    let mut response = ok(&Data::new(Complete { complete: true, intended: "/", user }));
    visit.begin_session(&mut response, &signed_in.session.token).await;
    response
}

#[derive(Serialize)]
struct Complete<'a> {
    complete: bool,
    intended: &'a str,
    user: Person<'a>,
}

/// No number, no hash, no secret (contract 8.2).
#[derive(Serialize)]
struct Person<'a> {
    uuid: String,
    username: &'a str,
    email: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    language: &'a str,
    admin: bool,
}

impl<'a> Person<'a> {
    fn of(account: &'a Account) -> Self {
        Self {
            uuid: account.uid.to_string(),
            username: account.username.as_str(),
            email: account.email.as_str(),
            first_name: account.first_name.as_ref().map(|name| name.as_str()),
            last_name: account.last_name.as_ref().map(|name| name.as_str()),
            language: account.language.as_str(),
            admin: account.admin,
        }
    }
}

/// POST: the session ends, and the browser forgets it.
pub(crate) struct Logout;

impl OpenEndpoint for Logout {
    const PATH: &'static str = "/auth/logout";

    async fn answer(visit: Visit<'_>) -> Answer {
        let who = visit.edge.gate.admit_session(visit.parts).await?;
        visit.edge.accounts().sessions().sign_out(&who).await?;
        let mut response = no_content();
        visit.edge.gate.cookie().clear(response.headers_mut());
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn rules(body: &str) -> Vec<(String, &'static str)> {
        let fields = Fields::from(Json::parse(body.as_bytes()).unwrap());
        let errors = second_factor(&fields).err().unwrap_or_default();
        errors.iter().map(|error| (error.field.clone(), error.fault.rule())).collect()
    }

    fn one(field: &str, rule: &'static str) -> Vec<(String, &'static str)> {
        vec![(field.to_owned(), rule)]
    }

    #[test]
    fn one_of_the_two_factors_is_required() {
        let both = |rule| [one("authentication_code", rule), one("recovery_token", rule)].concat();
        assert_eq!(rules("{}"), [one("confirmation_token", "required"), both("required")].concat());
        assert_eq!(rules(r#"{"confirmation_token":"t"}"#), both("required"));
        assert_eq!(rules(r#"{"confirmation_token":"t","recovery_token":""}"#), both("required"));
        assert_eq!(
            rules(r#"{"confirmation_token":"t","recovery_token":5}"#),
            one("recovery_token", "string"),
            "the code is not required beside it"
        );
        assert_eq!(rules(r#"{"confirmation_token":"t","authentication_code":"000123"}"#), []);
        assert_eq!(rules(r#"{"confirmation_token":"t","authentication_code":123}"#), []);
        assert_eq!(rules(r#"{"confirmation_token":"t","recovery_token":"x"}"#), []);
        assert_eq!(
            rules(r#"{"confirmation_token":"t","authentication_code":"12x456"}"#),
            one("authentication_code", "numeric")
        );
        assert_eq!(
            rules(r#"{"confirmation_token":"t","authentication_code":"123456","recovery_token":[]}"#),
            one("recovery_token", "string")
        );
        for number in ["-5", "12.5", "1e3", "\"-5\"", "\"12.5\"", "\"1e3\""] {
            let body = format!(r#"{{"confirmation_token":"t","authentication_code":{number}}}"#);
            assert_eq!(rules(&body), [], "{number} is a number, and a wrong code");
        }
        for number in ["\"0x10\"", "\"inf\"", "\"nan\"", "true", "[1]"] {
            let body = format!(r#"{{"confirmation_token":"t","authentication_code":{number}}}"#);
            assert_eq!(rules(&body), one("authentication_code", "numeric"), "{number}");
        }
    }

    #[test]
    fn a_number_keeps_its_leading_zeros_and_a_recovery_code_wins() {
        let factor = |body: &str| {
            let fields = Fields::from(Json::parse(body.as_bytes()).unwrap());
            second_factor(&fields).map(|(_, factor)| factor).ok()
        };
        let Some(SecondFactor::Totp(Some(code))) =
            factor(r#"{"confirmation_token":"t","authentication_code":5924}"#)
        else {
            panic!("a code");
        };
        assert_eq!(code.as_str(), "005924");
        let both =
            factor(r#"{"confirmation_token":"t","authentication_code":5924,"recovery_token":"aB3dE5gH7j"}"#);
        assert!(matches!(both, Some(SecondFactor::Recovery(Some(_)))));
    }
}
