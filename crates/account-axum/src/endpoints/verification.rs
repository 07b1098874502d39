//! Proving by mail that an address is the user's. Not on the panel; in the contract's style.

use account_core::field::{Fault, FieldErrors};

use crate::endpoint::Answer;
use crate::endpoints::account::parse_email;
use crate::endpoints::recovery::Requested;
use crate::envelope::{no_content, ok};
use crate::refusal::Wording;
use crate::visit::{OpenEndpoint, Visit};

/// POST: a link, please. The answer is the same whoever has the address, proven or not.
pub(crate) struct Request;

impl OpenEndpoint for Request {
    const PATH: &'static str = "/auth/email/verification";

    async fn answer(visit: Visit<'_>) -> Answer {
        let email = parse_email(visit.fields)?;
        visit.edge.accounts().emails().request_verification(&email, visit.client).await?;
        Ok(ok(&Requested { status: "We have e-mailed your verification link!" }))
    }
}

/// POST: the mailed token, spent.
pub(crate) struct Verify;

impl OpenEndpoint for Verify {
    const PATH: &'static str = "/auth/email/verify";
    const WORDING: Wording = Wording::Verification;

    async fn answer(visit: Visit<'_>) -> Answer {
        let mut errors = FieldErrors::default();
        let token = errors.take("token", visit.fields.string("token").required(Fault::NotAString));
        let Some(token) = token else { return Err(errors.into()) };
        visit.edge.accounts().emails().verify(token, visit.client).await?;
        Ok(no_content())
    }
}
