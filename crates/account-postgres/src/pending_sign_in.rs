//! Sign-ins that wait for the second factor, and the way from any token to its account.

use account_core::id::{AccountId, Digest, FactorEpoch, PasswordEpoch};
use account_core::sign_in::PendingSignIn;
use account_core::store::{SignInRepository, StoreResult};
use async_trait::async_trait;

use crate::cells::{self, Cells};
use crate::failure::Failure;
use crate::mail_token;
use crate::statement::Draft;
use crate::store::PostgresStore;

statements! {
    OWNER = "SELECT account FROM pending_sign_in WHERE token = $1";
}

pub(crate) fn read(cells: &mut Cells<'_>) -> Result<PendingSignIn, Failure> {
    Ok(PendingSignIn {
        token: cells.bytes(Digest::from_stored)?,
        ip: cells.address_if_any()?,
        password_epoch: PasswordEpoch(cells.number()?),
        factor_epoch: FactorEpoch(cells.number()?),
        tries: cells.small()?,
        created_at: cells.time()?,
    })
}

pub(crate) fn add(draft: &mut Draft, pending: &[&PendingSignIn]) {
    draft.then(
        "INSERT INTO pending_sign_in (account, token, password_epoch, factor_epoch, tries, ip, created_at) \
         SELECT hold.id, n.token, n.password_epoch, n.factor_epoch, n.tries, n.ip, n.created_at \
         FROM hold, unnest(",
    );
    draft.value(pending.iter().map(|pending| &pending.token.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(pending.iter().map(|pending| pending.password_epoch.0).collect::<Vec<_>>());
    draft.then(", ").value(pending.iter().map(|pending| pending.factor_epoch.0).collect::<Vec<_>>());
    draft.then(", ").value(pending.iter().map(|pending| i64::from(pending.tries)).collect::<Vec<_>>());
    draft.then(", ");
    draft.value(pending.iter().map(|pending| pending.ip.map(|ip| ip.to_string())).collect::<Vec<_>>());
    draft.then(", ").value(pending.iter().map(|pending| pending.created_at.as_millis()).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (token, password_epoch, factor_epoch, tries, ip, created_at, place) \
         ORDER BY n.place",
    );
}

pub(crate) fn set_tries(draft: &mut Draft, (token, tries): (&Digest, u32)) {
    draft.then("UPDATE pending_sign_in SET tries = ").value(i64::from(tries));
    draft.then(" FROM hold WHERE account = hold.id AND token = ").value(&token.as_bytes()[..]);
}

pub(crate) fn remove(draft: &mut Draft, tokens: &[&Digest]) {
    draft.then("DELETE FROM pending_sign_in USING hold WHERE account = hold.id AND token = ANY(");
    draft.value(tokens.iter().map(|token| &token.as_bytes()[..]).collect::<Vec<_>>()).then(")");
}

pub(crate) fn remove_all(draft: &mut Draft) {
    draft.then("DELETE FROM pending_sign_in USING hold WHERE account = hold.id");
}

#[async_trait]
impl SignInRepository for PostgresStore {
    async fn account_by_pending_sign_in(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        let rows = self.ask(Draft::of(OWNER).with(&token.as_bytes()[..])).await?;
        Ok(rows.first().map(|row| cells::lone_number(row, "pending_sign_in")).transpose()?.map(AccountId))
    }

    async fn account_by_mail_token(&self, token: &Digest) -> StoreResult<Option<AccountId>> {
        let rows = self.ask(mail_token::owner(token)).await?;
        Ok(rows.first().map(|row| cells::lone_number(row, "mail_token")).transpose()?.map(AccountId))
    }
}
