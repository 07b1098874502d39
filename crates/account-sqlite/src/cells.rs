//! One row, read cell after cell in the order of its columns, into checked types. A cell that does
//! not parse is named by table and column; its value is never shown, since it may be a secret.

use std::net::IpAddr;

use account_core::malformed::Malformed;
use account_core::time::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Rows};

use crate::failure::{CorruptCell, Failure};

/// A position in a row. Struct literals evaluate their fields in the order they are written, so
/// readers below write them in the order of the statement's columns.
pub(crate) struct Cells<'row, 'stmt> {
    row: &'row Row<'stmt>,
    table: &'static str,
    next: usize,
}

impl<'row, 'stmt> Cells<'row, 'stmt> {
    /// At the row's first cell.
    pub(crate) fn of(table: &'static str, row: &'row Row<'stmt>) -> Self {
        Self { row, table, next: 0 }
    }

    /// Goes on in the same row with the columns of another table.
    pub(crate) fn now_of(&mut self, table: &'static str) -> &mut Self {
        self.table = table;
        self
    }

    pub(crate) fn integer(&mut self) -> Result<i64, Failure> {
        self.required(|value| match value {
            ValueRef::Integer(number) => Ok(number),
            _ => Err(Malformed("number")),
        })
    }

    pub(crate) fn small<T: TryFrom<i64>>(&mut self) -> Result<T, Failure> {
        self.required(|value| match value {
            ValueRef::Integer(number) => T::try_from(number).map_err(|_| Malformed("number")),
            _ => Err(Malformed("number")),
        })
    }

    pub(crate) fn small_if_any<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, Failure> {
        self.optional(|value| match value {
            ValueRef::Integer(number) => T::try_from(number).map_err(|_| Malformed("number")),
            _ => Err(Malformed("number")),
        })
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Failure> {
        self.required(|value| match value {
            ValueRef::Integer(0) => Ok(false),
            ValueRef::Integer(1) => Ok(true),
            _ => Err(Malformed("flag")),
        })
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Failure> {
        self.integer().map(Timestamp::from_millis)
    }

    pub(crate) fn time_if_any(&mut self) -> Result<Option<Timestamp>, Failure> {
        self.optional(|value| match value {
            ValueRef::Integer(number) => Ok(Timestamp::from_millis(number)),
            _ => Err(Malformed("time")),
        })
    }

    pub(crate) fn text<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, Malformed>) -> Result<T, Failure> {
        self.required(|value| parse(as_text(value)?))
    }

    pub(crate) fn text_if_any<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Failure> {
        self.optional(|value| parse(as_text(value)?))
    }

    pub(crate) fn owned_text<T>(
        &mut self,
        parse: impl FnOnce(String) -> Result<T, Malformed>,
    ) -> Result<T, Failure> {
        self.text(|text| parse(text.to_owned()))
    }

    pub(crate) fn owned_text_if_any<T>(
        &mut self,
        parse: impl FnOnce(String) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Failure> {
        self.text_if_any(|text| parse(text.to_owned()))
    }

    pub(crate) fn address_if_any(&mut self) -> Result<Option<IpAddr>, Failure> {
        self.text_if_any(|text| text.parse().map_err(|_| Malformed("address")))
    }

    pub(crate) fn blob<T>(
        &mut self,
        parse: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<T, Failure> {
        self.required(|value| parse(as_blob(value)?))
    }

    pub(crate) fn blob_if_any<T>(
        &mut self,
        parse: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Failure> {
        self.optional(|value| parse(as_blob(value)?))
    }

    /// What was read last does not go together with what was read before.
    pub(crate) fn contradiction(&self, cause: Malformed) -> Failure {
        self.corrupt(self.next.saturating_sub(1), cause).into()
    }

    fn required<T>(
        &mut self,
        read: impl FnOnce(ValueRef<'row>) -> Result<T, Malformed>,
    ) -> Result<T, Failure> {
        let value = self.row.get_ref(self.next)?;
        let outcome = read(value).map_err(|cause| self.corrupt(self.next, cause));
        self.next = self.next.saturating_add(1);
        Ok(outcome?)
    }

    fn optional<T>(
        &mut self,
        read: impl FnOnce(ValueRef<'row>) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Failure> {
        self.required(|value| match value {
            ValueRef::Null => Ok(None),
            value => read(value).map(Some),
        })
    }

    fn corrupt(&self, column: usize, cause: Malformed) -> CorruptCell {
        let column = self.row.as_ref().column_name(column).unwrap_or("?").to_owned();
        CorruptCell { table: self.table, column, cause }
    }
}

/// All rows of a query, each read by `read`.
pub(crate) fn list<T>(
    mut rows: Rows<'_>,
    table: &'static str,
    read: impl Fn(&mut Cells<'_, '_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut list = Vec::new();
    while let Some(row) = rows.next()? {
        list.push(read(&mut Cells::of(table, row))?);
    }
    Ok(list)
}

/// The only row of a query, if there is one.
pub(crate) fn one<T>(
    mut rows: Rows<'_>,
    table: &'static str,
    read: impl FnOnce(&mut Cells<'_, '_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    rows.next()?.map(|row| read(&mut Cells::of(table, row))).transpose()
}

fn as_text(value: ValueRef<'_>) -> Result<&str, Malformed> {
    match value {
        ValueRef::Text(bytes) => std::str::from_utf8(bytes).map_err(|_| Malformed("text")),
        _ => Err(Malformed("text")),
    }
}

fn as_blob(value: ValueRef<'_>) -> Result<&[u8], Malformed> {
    match value {
        ValueRef::Blob(bytes) => Ok(bytes),
        _ => Err(Malformed("bytes")),
    }
}
