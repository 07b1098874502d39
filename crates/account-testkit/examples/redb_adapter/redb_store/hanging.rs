//! What hangs on an account in any number: API keys, SSH keys, sessions, pending sign-ins, mailed
//! tokens. All five are kept in the same way, written here once; a kind's own file says what it is.
//!
//! Each has two tables. In the first, rows lie by *place*: account, time of making, then the order in
//! which they were added, so that a range is an account's list, oldest first. In the second, every
//! name that must be unique leads to the place.

use std::ops::RangeInclusive;

use account_core::id::AccountId;
use account_core::malformed::Malformed;
use account_core::store::UniqueKey;
use account_core::time::Timestamp;
use redb::{ReadTransaction, ReadableTable, TableDefinition, WriteTransaction};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::{Failure, corrupt, malformed, taken};
use super::numbers;

/// Account, time of making in milliseconds, and a number that rises.
pub(super) type Place = (i64, i64, u64);
/// The row's names, so that it can go even if it cannot be read; then the row.
type Written = (Vec<&'static [u8]>, &'static [u8]);

pub(super) type Rows = TableDefinition<'static, Place, Written>;
pub(super) type Names = TableDefinition<'static, &'static [u8], Place>;

/// A kind of row of which an account may have several.
pub(super) trait Hanging: Sized {
    /// As it is written.
    type Row: Serialize + DeserializeOwned;
    /// For errors.
    const KIND: &'static str;
    const ROWS: Rows;
    const NAMES: Names;
    /// What the contract calls it if a name is another's.
    const TAKEN: UniqueKey;

    /// All that must be unique.
    fn names(&self, account: AccountId) -> Vec<Vec<u8>>;
    fn made_at(&self) -> Timestamp;
    fn to_row(&self) -> Self::Row;
    /// Through the core's checked constructors.
    fn from_row(row: Self::Row) -> Result<Self, Malformed>;
}

pub(super) fn make_tables<T: Hanging>(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(T::ROWS)?;
    transaction.open_table(T::NAMES)?;
    Ok(())
}

fn places_of(account: AccountId) -> RangeInclusive<Place> {
    (account.0, i64::MIN, u64::MIN)..=(account.0, i64::MAX, u64::MAX)
}

fn read<T: Hanging>(bytes: &[u8]) -> Result<T, Failure> {
    let row = serde_json::from_slice(bytes).map_err(|cause| corrupt(T::KIND, cause))?;
    T::from_row(row).map_err(malformed(T::KIND))
}

fn put<T: Hanging>(transaction: &WriteTransaction, place: Place, item: &T) -> Result<(), Failure> {
    let names = item.names(AccountId(place.0));
    let row = serde_json::to_vec(&item.to_row()).map_err(|cause| corrupt(T::KIND, cause))?;
    let written = (names.iter().map(Vec::as_slice).collect::<Vec<_>>(), row.as_slice());
    transaction.open_table(T::ROWS)?.insert(place, written)?;
    Ok(())
}

/// Adds a row behind all that are as old. A name that somebody has, be it the same account, ends the
/// transaction.
pub(super) fn add<T: Hanging>(
    transaction: &WriteTransaction,
    account: AccountId,
    item: &T,
) -> Result<(), Failure> {
    let place = (account.0, item.made_at().as_millis(), numbers::next_row(transaction)?);
    let mut names = transaction.open_table(T::NAMES)?;
    for name in item.names(account) {
        if names.insert(name.as_slice(), place)?.is_some() {
            return Err(taken(T::TAKEN));
        }
    }
    put(transaction, place, item)
}

/// Where the account's row of this name is. A name of another account's row is no name here.
fn place_of<T: Hanging>(
    transaction: &WriteTransaction,
    account: AccountId,
    name: &[u8],
) -> Result<Option<Place>, Failure> {
    let place = transaction.open_table(T::NAMES)?.get(name)?.map(|place| place.value());
    Ok(place.filter(|place| place.0 == account.0))
}

/// Takes a row and all its names away.
fn remove_at<T: Hanging>(transaction: &WriteTransaction, place: Place) -> Result<(), Failure> {
    let mut rows = transaction.open_table(T::ROWS)?;
    let mut names = transaction.open_table(T::NAMES)?;
    if let Some(gone) = rows.remove(place)? {
        for name in gone.value().0 {
            names.remove(name)?;
        }
    }
    Ok(())
}

/// Takes the account's row of this name away, if there is one.
pub(super) fn remove<T: Hanging>(
    transaction: &WriteTransaction,
    account: AccountId,
    name: &[u8],
) -> Result<(), Failure> {
    place_of::<T>(transaction, account, name)?.map_or(Ok(()), |place| remove_at::<T>(transaction, place))
}

/// Takes all of the account's rows away but the one of this name.
pub(super) fn remove_all_but<T: Hanging>(
    transaction: &WriteTransaction,
    account: AccountId,
    kept: Option<&[u8]>,
) -> Result<(), Failure> {
    let kept = kept.map(|name| place_of::<T>(transaction, account, name)).transpose()?.flatten();
    let mut places = Vec::new();
    for entry in transaction.open_table(T::ROWS)?.range(places_of(account))? {
        places.push(entry?.0.value());
    }
    let going = places.into_iter().filter(|place| Some(*place) != kept);
    going.into_iter().try_for_each(|place| remove_at::<T>(transaction, place))
}

/// Changes the account's row of this name, if there is one; never its names, nor when it was made.
pub(super) fn change<T: Hanging>(
    transaction: &WriteTransaction,
    account: AccountId,
    name: &[u8],
    change: impl FnOnce(&mut T),
) -> Result<(), Failure> {
    let Some(place) = place_of::<T>(transaction, account, name)? else { return Ok(()) };
    let found =
        transaction.open_table(T::ROWS)?.get(place)?.map(|row| read::<T>(row.value().1)).transpose()?;
    let Some(mut item) = found else { return Ok(()) };
    change(&mut item);
    put(transaction, place, &item)
}

/// Takes up to `limit` expired rows away, of whatever account; answers how many.
pub(super) fn sweep<T: Hanging>(
    transaction: &WriteTransaction,
    limit: u32,
    is_expired: impl Fn(&T) -> bool,
) -> Result<u64, Failure> {
    let mut expired = Vec::new();
    for entry in transaction.open_table(T::ROWS)?.iter()? {
        let (place, row) = entry?;
        // A row that cannot be read does not stop the sweep of the others.
        if read::<T>(row.value().1).is_ok_and(|item| is_expired(&item)) {
            expired.push(place.value());
        }
    }
    expired.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    for place in &expired {
        remove_at::<T>(transaction, *place)?;
    }
    Ok(u64::try_from(expired.len()).unwrap_or(u64::MAX))
}

/// The account's rows, oldest first; those of one millisecond as they were added.
pub(super) fn of<T: Hanging>(snapshot: &ReadTransaction, account: AccountId) -> Result<Vec<T>, Failure> {
    let rows = snapshot.open_table(T::ROWS)?;
    let list = rows.range(places_of(account))?.map(|entry| read(entry?.1.value().1));
    list.collect()
}

/// Whose row has this name.
pub(super) fn owner<T: Hanging>(
    snapshot: &ReadTransaction,
    name: &[u8],
) -> Result<Option<AccountId>, Failure> {
    Ok(snapshot.open_table(T::NAMES)?.get(name)?.map(|place| AccountId(place.value().0)))
}

/// The row of this name, and whose it is.
pub(super) fn find<T: Hanging>(
    snapshot: &ReadTransaction,
    name: &[u8],
) -> Result<Option<(AccountId, T)>, Failure> {
    let Some(place) = snapshot.open_table(T::NAMES)?.get(name)?.map(|place| place.value()) else {
        return Ok(None);
    };
    let row = snapshot.open_table(T::ROWS)?.get(place)?;
    row.map(|row| Ok((AccountId(place.0), read(row.value().1)?))).transpose()
}
