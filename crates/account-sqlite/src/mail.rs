//! The outbox. Letters are sealed; a row is gone once its mail is delivered or withdrawn.

use account_core::id::{AccountUid, Digest, MailId};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::Sealed;
use account_core::store::{MailRepository, StoreError, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::cells::{self, Cells};
use crate::failure::Failure;
use crate::store::SqliteStore;

statements! {
    ADD = "INSERT INTO mail (id, account, token, letter, attempts, due_at, created_at)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    DUE = "SELECT number, id, account, token, letter, attempts, due_at, created_at FROM mail
           WHERE due_at <= ?1 ORDER BY due_at, number LIMIT ?2";
    CLAIM = "UPDATE mail SET attempts = attempts + 1, due_at = ?2 WHERE number = ?1";
    POSTPONE = "UPDATE mail SET due_at = ?2 WHERE id = ?1";
    DELIVERED = "DELETE FROM mail WHERE id = ?1";
    // A mail that is nobody's yet may be answered by a commit to the account it turns out to be for.
    REMOVE = "DELETE FROM mail WHERE id = ?1 AND (account = ?2 OR account IS NULL)";
    WITHDRAW = "DELETE FROM mail WHERE token = ?1 AND (account = ?2 OR account IS NULL)";
    REMOVE_ALL = "DELETE FROM mail WHERE account = ?1";
}

/// What a claim found: letters to deliver, and whether a row among them could not be read.
struct Claim {
    mail: Vec<QueuedMail>,
    corrupt: Option<StoreError>,
}

fn read(cells: &mut Cells<'_, '_>) -> Result<QueuedMail, Failure> {
    Ok(QueuedMail {
        id: cells.blob(MailId::from_stored)?,
        account: cells.blob_if_any(AccountUid::from_stored)?,
        token: cells.blob_if_any(Digest::from_stored)?,
        letter: cells.blob(|bytes| Sealed::from_stored(bytes.to_vec()))?,
        attempts: cells.small()?,
        due_at: cells.time()?,
        created_at: cells.time()?,
    })
}

pub(crate) fn add(connection: &Connection, mail: &QueuedMail) -> Result<(), Failure> {
    connection.prepare_cached(ADD)?.execute(params![
        mail.id.as_bytes(),
        mail.account.as_ref().map(AccountUid::as_bytes),
        mail.token.as_ref().map(Digest::as_bytes),
        mail.letter.as_bytes(),
        mail.attempts,
        mail.due_at.as_millis(),
        mail.created_at.as_millis()
    ])?;
    Ok(())
}

pub(crate) fn remove(connection: &Connection, account: AccountUid, id: MailId) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE)?.execute(params![id.as_bytes(), account.as_bytes()])?;
    Ok(())
}

pub(crate) fn withdraw(connection: &Connection, account: AccountUid, token: &Digest) -> Result<(), Failure> {
    connection.prepare_cached(WITHDRAW)?.execute(params![token.as_bytes(), account.as_bytes()])?;
    Ok(())
}

pub(crate) fn remove_all(connection: &Connection, account: AccountUid) -> Result<(), Failure> {
    connection.prepare_cached(REMOVE_ALL)?.execute(params![account.as_bytes()])?;
    Ok(())
}

/// A row that cannot be read is put off like the others, so that it does not stand before them.
fn claim(connection: &Connection, now: Timestamp, until: Timestamp, limit: u32) -> Result<Claim, Failure> {
    let mut statement = connection.prepare_cached(DUE)?;
    let due = cells::list(statement.query(params![now.as_millis(), limit])?, "mail", |cells| {
        Ok((cells.integer()?, read(cells)))
    })?;
    let mut claim = Claim { mail: Vec::with_capacity(due.len()), corrupt: None };
    let mut put_off = connection.prepare_cached(CLAIM)?;
    for (number, mail) in due {
        put_off.execute(params![number, until.as_millis()])?;
        match mail {
            Ok(mail) => {
                let attempts = mail.attempts.saturating_add(1);
                claim.mail.push(QueuedMail { attempts, due_at: until, ..mail });
            }
            Err(Failure::Verdict(corrupt)) => claim.corrupt = Some(corrupt),
            Err(database) => return Err(database),
        }
    }
    Ok(claim)
}

#[async_trait]
impl MailRepository for SqliteStore {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        let mail = mail.clone();
        self.write(move |connection| add(connection, &mail)).await
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        let Claim { mail, corrupt } =
            self.write(move |connection| claim(connection, now, until, limit)).await?;
        match corrupt {
            Some(corrupt) if mail.is_empty() => Err(corrupt),
            _ => Ok(mail),
        }
    }

    async fn remove_mail(&self, id: MailId) -> StoreResult<()> {
        self.write(move |connection| {
            Ok(connection.prepare_cached(DELIVERED)?.execute([id.as_bytes()]).map(drop)?)
        })
        .await
    }

    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()> {
        self.write(move |connection| {
            connection.prepare_cached(POSTPONE)?.execute(params![id.as_bytes(), due_at.as_millis()])?;
            Ok(())
        })
        .await
    }
}
