//! Tokens that travel by mail: their digests, and whose they are.

use account_core::email::Email;
use account_core::id::{Digest, PasswordEpoch};
use account_core::mail::{MailToken, MailTokenPurpose};

use crate::cells::Cells;
use crate::failure::Failure;
use crate::statement::Draft;

statements! {
    OWNER = "SELECT account FROM mail_token WHERE token = $1";
}

pub(crate) fn owner(token: &Digest) -> Draft {
    Draft::of(OWNER).with(&token.as_bytes()[..])
}

pub(crate) fn read(cells: &mut Cells<'_>) -> Result<MailToken, Failure> {
    Ok(MailToken {
        token: cells.bytes(Digest::from_stored)?,
        purpose: cells.text(MailTokenPurpose::from_stored)?,
        email: cells.owned_text(|text| Email::from_stored(text.clone(), text))?,
        password_epoch: PasswordEpoch(cells.number()?),
        created_at: cells.time()?,
    })
}

pub(crate) fn add(draft: &mut Draft, tokens: &[&MailToken]) {
    draft.then(
        "INSERT INTO mail_token (account, token, purpose, email, password_epoch, created_at) \
         SELECT hold.id, n.token, n.purpose, n.email, n.password_epoch, n.created_at FROM hold, unnest(",
    );
    draft.value(tokens.iter().map(|token| &token.token.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(tokens.iter().map(|token| token.purpose.as_str()).collect::<Vec<_>>());
    draft.then(", ").value(tokens.iter().map(|token| token.email.canonical()).collect::<Vec<_>>());
    draft.then(", ").value(tokens.iter().map(|token| token.password_epoch.0).collect::<Vec<_>>());
    draft.then(", ").value(tokens.iter().map(|token| token.created_at.as_millis()).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (token, purpose, email, password_epoch, created_at, place) ORDER BY n.place",
    );
}

pub(crate) fn remove(draft: &mut Draft, tokens: &[&Digest]) {
    draft.then("DELETE FROM mail_token USING hold WHERE account = hold.id AND token = ANY(");
    draft.value(tokens.iter().map(|token| &token.as_bytes()[..]).collect::<Vec<_>>()).then(")");
}

pub(crate) fn remove_all(draft: &mut Draft) {
    draft.then("DELETE FROM mail_token USING hold WHERE account = hold.id");
}
