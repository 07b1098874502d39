//! The account's details, its e-mail address and its password (contract 3).

use account_core::account::Account;
use account_core::email::Email;
use account_core::field::{Fault, FieldErrors};
use account_core::password::Password;
use account_core::policy::Operation;
use serde::Serialize;

use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::endpoints::new_password;
use crate::envelope::{Item, no_content, ok};
use crate::fields::Fields;

/// GET: the details.
pub(crate) struct Show;

impl Endpoint for Show {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account";
    const OPERATION: Operation = Operation::ReadAccount;

    async fn answer(asked: Asked<'_>) -> Answer {
        Ok(ok(&Item::new("user", Details::of(asked.who.account()))))
    }
}

/// Exactly these seven (contract 3.1).
#[derive(Serialize)]
struct Details<'a> {
    id: i64,
    admin: bool,
    username: &'a str,
    email: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    language: &'a str,
}

impl<'a> Details<'a> {
    fn of(account: &'a Account) -> Self {
        Self {
            id: account.id.0,
            admin: account.admin,
            username: account.username.as_str(),
            email: account.email.as_str(),
            first_name: account.first_name.as_ref().map(|name| name.as_str()),
            last_name: account.last_name.as_ref().map(|name| name.as_str()),
            language: account.language.as_str(),
        }
    }
}

/// PUT: another address. The password is looked at before the address (contract 3.2, SEC-55).
pub(crate) struct ChangeEmail;

impl Endpoint for ChangeEmail {
    const VERB: Verb = Verb::Put;
    const PATH: &'static str = "/api/client/account/email";
    const OPERATION: Operation = Operation::ChangeEmail;

    async fn answer(asked: Asked<'_>) -> Answer {
        let accounts = asked.edge.accounts();
        let typed = password(asked.fields, "password");
        let proof = accounts.passwords().prove(asked.who, Self::OPERATION, typed.as_ref()).await?;
        let email = parse_email(asked.fields)?;
        accounts.emails().change(asked.who, &proof, &email).await?;
        Ok(no_content())
    }
}

/// PUT: another password. All other sessions end; the calling one goes on under a new token (SEC-47).
pub(crate) struct ChangePassword;

impl Endpoint for ChangePassword {
    const VERB: Verb = Verb::Put;
    const PATH: &'static str = "/api/client/account/password";
    const OPERATION: Operation = Operation::ChangePassword;

    async fn answer(asked: Asked<'_>) -> Answer {
        let (accounts, account) = (asked.edge.accounts(), asked.who.account());
        let typed = password(asked.fields, "current_password");
        let proof = accounts.passwords().prove(asked.who, Self::OPERATION, typed.as_ref()).await?;
        let names = [account.username.as_str(), account.email.as_str()];
        let mut errors = FieldErrors::default();
        let new = new_password::take(&mut errors, asked.fields, accounts.policy(), &names);
        let Some(new) = new else { return Err(errors.into()) };
        let changed = accounts.passwords().change(asked.who, &proof, &new).await?;
        let mut response = no_content();
        if let Some(token) = &changed.session {
            let lifetime = accounts.policy().sessions.absolute;
            asked.edge.gate.cookie().set(response.headers_mut(), token, lifetime);
        }
        Ok(response)
    }
}

/// The current password as it was typed. One that is no string is a wrong one (F-38).
pub(crate) fn password(fields: &Fields, name: &str) -> Option<Password> {
    fields.password(name).given().map(|typed| Password::new(typed.to_owned()))
}

pub(crate) fn parse_email(fields: &Fields) -> Result<Email, FieldErrors> {
    let mut errors = FieldErrors::default();
    take_email(&mut errors, fields).ok_or(errors)
}

/// `required`, `email`, `between`. What is no string is no address, and that is all there is to say.
pub(crate) fn take_email(errors: &mut FieldErrors, fields: &Fields) -> Option<Email> {
    let typed = fields.string("email").required(Fault::NotAnEmail);
    errors.take("email", typed.and_then(Email::parse))
}
