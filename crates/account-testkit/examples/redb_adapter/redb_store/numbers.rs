//! Numbers that the store makes: those of accounts, of which none is given twice, and those that keep
//! the order of rows of one millisecond. The file's format stands beside them.

use redb::{ReadableTable as _, TableDefinition, WriteTransaction};

use super::failure::Failure;

const NUMBERS: TableDefinition<'static, &'static str, u64> = TableDefinition::new("number");

/// The format the file has; a new file gets `ours`.
pub(super) fn format(transaction: &WriteTransaction, ours: u64) -> Result<u64, Failure> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let found = numbers.get("format")?.map(|format| format.value());
    if found.is_none() {
        numbers.insert("format", ours)?;
    }
    Ok(found.unwrap_or(ours))
}

/// The next of a kind. It is counted in the transaction that uses it, and the count outlives its row.
fn next(transaction: &WriteTransaction, kind: &str) -> Result<u64, Failure> {
    let mut numbers = transaction.open_table(NUMBERS)?;
    let next = numbers.get(kind)?.map_or(0, |last| last.value()).saturating_add(1);
    numbers.insert(kind, next)?;
    Ok(next)
}

/// An account's number.
pub(super) fn next_account(transaction: &WriteTransaction) -> Result<i64, Failure> {
    Ok(i64::try_from(next(transaction, "account")?).unwrap_or(i64::MAX))
}

/// A row's place among those of its millisecond.
pub(super) fn next_row(transaction: &WriteTransaction) -> Result<u64, Failure> {
    next(transaction, "row")
}

/// Writes something that nobody reads: a store that cannot write is not ready.
pub(super) fn count_readiness(transaction: &WriteTransaction) -> Result<(), Failure> {
    next(transaction, "readiness").map(drop)
}
