//! Choosing a new password by mail (contract 8.5 and 8.6).

use account_core::field::{Fault, FieldErrors};
use serde::Serialize;

use crate::endpoint::Answer;
use crate::endpoints::account::{parse_email, take_email};
use crate::endpoints::new_password;
use crate::envelope::ok;
use crate::visit::{OpenEndpoint, Visit};

/// POST: a link, please. The answer is the same whoever has the address.
pub(crate) struct Request;

impl OpenEndpoint for Request {
    const PATH: &'static str = "/auth/password";
    const BEHIND_CAPTCHA: bool = true;

    async fn answer(visit: Visit<'_>) -> Answer {
        let email = parse_email(visit.fields)?;
        visit.edge.accounts().recovery().request(&email, visit.client).await?;
        Ok(ok(&Requested { status: "We have e-mailed your password reset link!" }))
    }
}

#[derive(Serialize)]
pub(crate) struct Requested {
    pub(crate) status: &'static str,
}

/// POST: the new password, with the mailed token. Signed in at once, unless a second factor is on.
pub(crate) struct Reset;

impl OpenEndpoint for Reset {
    const PATH: &'static str = "/auth/password/reset";

    async fn answer(visit: Visit<'_>) -> Answer {
        let accounts = visit.edge.accounts();
        let mut errors = FieldErrors::default();
        let token = errors.take("token", visit.fields.string("token").required(Fault::NotAString));
        let email = take_email(&mut errors, visit.fields);
        let names: Vec<&str> = email.iter().map(|email| email.as_str()).collect();
        let new = new_password::take(&mut errors, visit.fields, accounts.policy(), &names);
        let (Some(token), Some(email), Some(new)) = (token, &email, new) else { return Err(errors.into()) };
        let reset = accounts.recovery().reset(token, email, &new, visit.client).await?;
        let send_to_login = reset.session.is_none();
        let mut response = ok(&WasReset { success: true, redirect_to: "/", send_to_login });
        if let Some(opened) = &reset.session {
            visit.begin_session(&mut response, &opened.token).await;
        }
        Ok(response)
    }
}

#[derive(Serialize)]
struct WasReset {
    success: bool,
    redirect_to: &'static str,
    send_to_login: bool,
}
