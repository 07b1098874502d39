//! The outbox. Letters are sealed; a row is gone once its mail is delivered or withdrawn.

use account_core::id::{AccountUid, Digest, MailId};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::Sealed;
use account_core::store::{MailRepository, StoreError, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;

use crate::cells::{Cells, Shape};
use crate::failure::Failure;
use crate::statement::Draft;
use crate::store::PostgresStore;

const SHAPE: Shape = Shape::new(4, 0, 3);

statements! {
    ADD = "INSERT INTO mail (id, account, token, letter, attempts, due_at, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7)";
    // Rows that another worker is claiming now are passed over, not waited for.
    CLAIM = "WITH due AS MATERIALIZED (
                 SELECT number, due_at AS was_due FROM mail WHERE due_at <= $1
                  ORDER BY due_at, number LIMIT $3 FOR UPDATE SKIP LOCKED)
             UPDATE mail SET attempts = mail.attempts + 1, due_at = $2 FROM due WHERE mail.number = due.number
             RETURNING mail.id, mail.account, mail.token, mail.letter, mail.attempts, mail.due_at,
                       mail.created_at, due.was_due, mail.number";
    POSTPONE = "UPDATE mail SET due_at = $2 WHERE id = $1";
    DELIVERED = "DELETE FROM mail WHERE id = $1";
}

fn read(cells: &mut Cells<'_>) -> Result<QueuedMail, Failure> {
    Ok(QueuedMail {
        id: cells.bytes(MailId::from_stored)?,
        account: cells.bytes_if_any(AccountUid::from_stored)?,
        token: cells.bytes_if_any(Digest::from_stored)?,
        letter: cells.bytes(|bytes| Sealed::from_stored(bytes.to_vec()))?,
        attempts: cells.small()?,
        due_at: cells.time()?,
        created_at: cells.time()?,
    })
}

pub(crate) fn add(draft: &mut Draft, mail: &[&QueuedMail]) {
    draft.then(
        "INSERT INTO mail (id, account, token, letter, attempts, due_at, created_at) \
         SELECT n.id, n.account, n.token, n.letter, n.attempts, n.due_at, n.created_at FROM hold, unnest(",
    );
    draft.value(mail.iter().map(|mail| &mail.id.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ");
    draft.value(
        mail.iter().map(|mail| mail.account.as_ref().map(|uid| &uid.as_bytes()[..])).collect::<Vec<_>>(),
    );
    draft.then(", ");
    draft.value(
        mail.iter().map(|mail| mail.token.as_ref().map(|token| &token.as_bytes()[..])).collect::<Vec<_>>(),
    );
    draft.then(", ").value(mail.iter().map(|mail| mail.letter.as_bytes()).collect::<Vec<_>>());
    draft.then(", ").value(mail.iter().map(|mail| i64::from(mail.attempts)).collect::<Vec<_>>());
    draft.then(", ").value(mail.iter().map(|mail| mail.due_at.as_millis()).collect::<Vec<_>>());
    draft.then(", ").value(mail.iter().map(|mail| mail.created_at.as_millis()).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (id, account, token, letter, attempts, due_at, created_at, place) \
         ORDER BY n.place",
    );
}

/// A mail that is nobody's yet may be answered by a commit to the account it turns out to be for.
pub(crate) fn withdraw(draft: &mut Draft, uid: AccountUid, tokens: &[&Digest]) {
    draft.then("DELETE FROM mail USING hold WHERE token = ANY(");
    draft.value(tokens.iter().map(|token| &token.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(") AND (account = ").value(&uid.as_bytes()[..]).then(" OR account IS NULL)");
}

pub(crate) fn remove(draft: &mut Draft, uid: AccountUid, ids: &[MailId]) {
    draft.then("DELETE FROM mail USING hold WHERE mail.id = ANY(");
    draft.value(ids.iter().map(|id| &id.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(") AND (account = ").value(&uid.as_bytes()[..]).then(" OR account IS NULL)");
}

pub(crate) fn remove_all(draft: &mut Draft, uid: AccountUid) {
    draft.then("DELETE FROM mail USING hold WHERE account = ").value(&uid.as_bytes()[..]);
}

#[async_trait]
impl MailRepository for PostgresStore {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        let add = Draft::of(ADD)
            .with(&mail.id.as_bytes()[..])
            .with(mail.account.as_ref().map(|uid| &uid.as_bytes()[..]))
            .with(mail.token.as_ref().map(|token| &token.as_bytes()[..]))
            .with(mail.letter.as_bytes())
            .with(i64::from(mail.attempts))
            .with(mail.due_at.as_millis())
            .with(mail.created_at.as_millis());
        self.write(add).await.map(drop)
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        let claim = Draft::of(CLAIM).with(now.as_millis()).with(until.as_millis()).with(i64::from(limit));
        let rows = self.write(claim).await?;
        let (mut claimed, mut corrupt) = (Vec::with_capacity(rows.len()), None);
        for row in &rows {
            let mut order = Cells::at(SHAPE.width(), Shape::new(0, 0, 2), "mail", row);
            let order = (order.number()?, order.number()?);
            match read(&mut Cells::at(0, SHAPE, "mail", row)) {
                Ok(mail) => claimed.push((order, mail)),
                // Put off like the others, so that it does not stand before them.
                Err(failure) => corrupt = Some(StoreError::from(failure)),
            }
        }
        claimed.sort_by_key(|(order, _)| *order);
        match corrupt {
            Some(corrupt) if claimed.is_empty() => Err(corrupt),
            _ => Ok(claimed.into_iter().map(|(_, mail)| mail).collect()),
        }
    }

    async fn remove_mail(&self, id: MailId) -> StoreResult<()> {
        self.write(Draft::of(DELIVERED).with(&id.as_bytes()[..])).await.map(drop)
    }

    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()> {
        self.write(Draft::of(POSTPONE).with(&id.as_bytes()[..]).with(due_at.as_millis())).await.map(drop)
    }
}
