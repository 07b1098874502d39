//! The outbox. Rows lie in the order they were queued; beside them the ways to find one: by name, by
//! the time it is due, by the token it carries, by its owner. Letters are sealed by the core.

use account_core::id::{AccountUid, Digest, MailId};
use account_core::mail::QueuedMail;
use account_core::ports::keyring::Sealed;
use account_core::store::{MailRepository, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::{ReadableTable, TableDefinition, WriteTransaction};

use super::failure::{Failure, malformed, taken};
use super::{RedbStore, numbers};

/// Name, owner, token, letter, attempts, due at, queued at.
type Row =
    (&'static [u8; 16], Option<&'static [u8; 16]>, Option<&'static [u8; 32]>, &'static [u8], u32, i64, i64);

const MAIL: TableDefinition<'static, u64, Row> = TableDefinition::new("mail");
const BY_NAME: TableDefinition<'static, &'static [u8; 16], u64> = TableDefinition::new("mail_by_name");
// An index that is not unique has the row's number as a part of its key, and no value.
const BY_DUE_TIME: TableDefinition<'static, (i64, u64), ()> = TableDefinition::new("mail_by_due_time");
const BY_TOKEN: TableDefinition<'static, (&'static [u8; 32], u64), ()> =
    TableDefinition::new("mail_by_token");
const BY_OWNER: TableDefinition<'static, (&'static [u8; 16], u64), ()> =
    TableDefinition::new("mail_by_owner");

pub(super) fn make_tables(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(MAIL)?;
    transaction.open_table(BY_NAME)?;
    transaction.open_table(BY_DUE_TIME)?;
    transaction.open_table(BY_TOKEN)?;
    transaction.open_table(BY_OWNER)?;
    Ok(())
}

/// The columns that indexes are made of: they are there even if the letter cannot be read.
struct Indexed {
    id: [u8; 16],
    account: Option<[u8; 16]>,
    token: Option<[u8; 32]>,
    due_at: i64,
}

fn indexed(transaction: &WriteTransaction, number: u64) -> Result<Option<Indexed>, Failure> {
    let mails = transaction.open_table(MAIL)?;
    let row = mails.get(number)?;
    Ok(row.map(|row| {
        let (id, account, token, _, _, due_at, _) = row.value();
        Indexed { id: *id, account: account.copied(), token: token.copied(), due_at }
    }))
}

/// Puts a mail behind all that wait.
pub(super) fn add(transaction: &WriteTransaction, mail: &QueuedMail) -> Result<(), Failure> {
    let number = numbers::next_row(transaction)?;
    if transaction.open_table(BY_NAME)?.insert(mail.id.as_bytes(), number)?.is_some() {
        return Err(taken(UniqueKey::Secret));
    }
    let (account, token) =
        (mail.account.as_ref().map(AccountUid::as_bytes), mail.token.as_ref().map(Digest::as_bytes));
    if let Some(account) = account {
        transaction.open_table(BY_OWNER)?.insert((account, number), ())?;
    }
    if let Some(token) = token {
        transaction.open_table(BY_TOKEN)?.insert((token, number), ())?;
    }
    let (due_at, created_at) = (mail.due_at.as_millis(), mail.created_at.as_millis());
    transaction.open_table(BY_DUE_TIME)?.insert((due_at, number), ())?;
    let row = (mail.id.as_bytes(), account, token, mail.letter.as_bytes(), mail.attempts, due_at, created_at);
    transaction.open_table(MAIL)?.insert(number, row)?;
    Ok(())
}

fn number_of(transaction: &WriteTransaction, id: MailId) -> Result<Option<u64>, Failure> {
    Ok(transaction.open_table(BY_NAME)?.get(id.as_bytes())?.map(|number| number.value()))
}

fn remove_number(transaction: &WriteTransaction, number: u64) -> Result<(), Failure> {
    let Some(row) = indexed(transaction, number)? else { return Ok(()) };
    transaction.open_table(BY_NAME)?.remove(&row.id)?;
    transaction.open_table(BY_DUE_TIME)?.remove((row.due_at, number))?;
    if let Some(account) = &row.account {
        transaction.open_table(BY_OWNER)?.remove((account, number))?;
    }
    if let Some(token) = &row.token {
        transaction.open_table(BY_TOKEN)?.remove((token, number))?;
    }
    transaction.open_table(MAIL)?.remove(number)?;
    Ok(())
}

/// As part of a commit: only mail of this account, or mail that is nobody's yet.
fn remove_if_its(transaction: &WriteTransaction, account: AccountUid, number: u64) -> Result<(), Failure> {
    let owner = indexed(transaction, number)?.and_then(|row| row.account);
    if owner.is_none_or(|owner| owner == *account.as_bytes()) {
        remove_number(transaction, number)?;
    }
    Ok(())
}

pub(super) fn remove(transaction: &WriteTransaction, account: AccountUid, id: MailId) -> Result<(), Failure> {
    number_of(transaction, id)?.map_or(Ok(()), |number| remove_if_its(transaction, account, number))
}

pub(super) fn withdraw(
    transaction: &WriteTransaction,
    account: AccountUid,
    token: &Digest,
) -> Result<(), Failure> {
    let numbers = numbers_under(transaction, BY_TOKEN, token.as_bytes())?;
    numbers.into_iter().try_for_each(|number| remove_if_its(transaction, account, number))
}

pub(super) fn remove_all_of(transaction: &WriteTransaction, account: AccountUid) -> Result<(), Failure> {
    let numbers = numbers_under(transaction, BY_OWNER, account.as_bytes())?;
    numbers.into_iter().try_for_each(|number| remove_number(transaction, number))
}

/// All rows under one key of an index that is not unique.
fn numbers_under<const N: usize>(
    transaction: &WriteTransaction,
    index: TableDefinition<'static, (&'static [u8; N], u64), ()>,
    key: &[u8; N],
) -> Result<Vec<u64>, Failure> {
    let index = transaction.open_table(index)?;
    let entries = index.range((key, u64::MIN)..=(key, u64::MAX))?;
    entries.map(|entry| Ok(entry?.0.value().1)).collect()
}

/// A mail, or why its row cannot be read. Its times and indexes move either way.
type Read = Result<QueuedMail, Failure>;

/// Makes a mail due at another time; `None` if there is no such mail.
fn set_due(
    transaction: &WriteTransaction,
    number: u64,
    due_at: Timestamp,
    further_attempts: u32,
) -> Result<Option<Read>, Failure> {
    let mut mails = transaction.open_table(MAIL)?;
    let Some(row) = mails.remove(number)? else { return Ok(None) };
    let (id, account, token, letter, attempts, was_due_at, created_at) = row.value();
    let (id, account, token, letter) = (*id, account.copied(), token.copied(), letter.to_vec());
    drop(row);
    let attempts = attempts.saturating_add(further_attempts);
    let now_due_at = due_at.as_millis();
    let row = (&id, account.as_ref(), token.as_ref(), letter.as_slice(), attempts, now_due_at, created_at);
    mails.insert(number, row)?;
    let mut due = transaction.open_table(BY_DUE_TIME)?;
    due.remove((was_due_at, number))?;
    due.insert((now_due_at, number), ())?;
    let mail = || {
        Ok(QueuedMail {
            id: MailId::from_stored(&id)?,
            account: account.map(|uid| AccountUid::from_stored(&uid)).transpose()?,
            token: token.map(Digest::from_bytes),
            letter: Sealed::from_stored(letter)?,
            attempts,
            due_at,
            created_at: Timestamp::from_millis(created_at),
        })
    };
    Ok(Some(mail().map_err(malformed("mail"))))
}

/// The lease: who takes a mail moves it out of the others' sight in the same transaction. A row that
/// cannot be read is put off with the rest, so that it does not stand before them for ever.
fn claim(
    transaction: &WriteTransaction,
    now: Timestamp,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<Read>, Failure> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let due: Result<Vec<u64>, Failure> = {
        let due = transaction.open_table(BY_DUE_TIME)?;
        let entries = due.range(..=(now.as_millis(), u64::MAX))?.take(limit);
        entries.map(|entry| Ok(entry?.0.value().1)).collect()
    };
    let mut claimed = Vec::new();
    for number in due? {
        claimed.extend(set_due(transaction, number, until, 1)?);
    }
    Ok(claimed)
}

/// Takes up to `limit` mails away that were queued before `cut`.
pub(super) fn sweep(transaction: &WriteTransaction, cut: Timestamp, limit: u32) -> Result<u64, Failure> {
    let mut old = Vec::new();
    for entry in transaction.open_table(MAIL)?.iter()? {
        let (number, row) = entry?;
        if row.value().6 < cut.as_millis() {
            old.push(number.value());
        }
    }
    old.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    old.iter().try_for_each(|number| remove_number(transaction, *number))?;
    Ok(u64::try_from(old.len()).unwrap_or(u64::MAX))
}

#[async_trait]
impl MailRepository for RedbStore {
    async fn queue_mail(&self, mail: &QueuedMail) -> StoreResult<()> {
        let mail = mail.clone();
        self.write(move |transaction| add(transaction, &mail)).await
    }

    async fn claim_mail(&self, now: Timestamp, until: Timestamp, limit: u32) -> StoreResult<Vec<QueuedMail>> {
        let claimed = self.write(move |transaction| claim(transaction, now, until, limit)).await?;
        let (mail, unreadable): (Vec<_>, Vec<_>) = claimed.into_iter().partition(Result::is_ok);
        match unreadable.into_iter().find_map(Result::err) {
            // What can be read is delivered first; the fault shows once it stands alone.
            Some(corrupt) if mail.is_empty() => Err(corrupt.into()),
            _ => Ok(mail.into_iter().flatten().collect()),
        }
    }

    async fn remove_mail(&self, id: MailId) -> StoreResult<()> {
        self.write(move |transaction| {
            number_of(transaction, id)?.map_or(Ok(()), |number| remove_number(transaction, number))
        })
        .await
    }

    async fn postpone_mail(&self, id: MailId, due_at: Timestamp) -> StoreResult<()> {
        self.write(move |transaction| match number_of(transaction, id)? {
            Some(number) => set_due(transaction, number, due_at, 0).map(drop),
            None => Ok(()),
        })
        .await
    }
}
