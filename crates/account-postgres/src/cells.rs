//! One row, read cell after cell into checked types. A table's columns are selected bytes first, then
//! texts, then numbers, so that rows of several tables can share one shape in one answer. A cell that
//! does not parse is named by table and column; its value is never shown, since it may be a secret.

use std::net::IpAddr;

use account_core::malformed::Malformed;
use account_core::time::Timestamp;
use sqlx::postgres::PgRow;
use sqlx::{Column as _, Decode, Postgres, Row as _, Type};

use crate::failure::{CorruptCell, Failure};

/// How many columns of each kind a reader goes through.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) bytes: usize,
    pub(crate) texts: usize,
    pub(crate) numbers: usize,
}

impl Shape {
    pub(crate) const fn new(bytes: usize, texts: usize, numbers: usize) -> Self {
        Self { bytes, texts, numbers }
    }

    pub(crate) const fn width(self) -> usize {
        self.bytes.saturating_add(self.texts).saturating_add(self.numbers)
    }
}

/// Three positions in a row, one for each kind. Struct literals evaluate their fields in the order
/// they are written, so readers take each kind in the order of the statement's columns.
pub(crate) struct Cells<'row> {
    row: &'row PgRow,
    table: &'static str,
    byte: usize,
    text: usize,
    number: usize,
}

impl<'row> Cells<'row> {
    /// The columns of a table, of which the first stands at `start`.
    pub(crate) fn at(start: usize, shape: Shape, table: &'static str, row: &'row PgRow) -> Self {
        let text = start.saturating_add(shape.bytes);
        Self { row, table, byte: start, text, number: text.saturating_add(shape.texts) }
    }

    pub(crate) fn number(&mut self) -> Result<i64, Failure> {
        let at = step(&mut self.number);
        self.required(at)
    }

    pub(crate) fn number_if_any(&mut self) -> Result<Option<i64>, Failure> {
        let at = step(&mut self.number);
        self.cell(at)
    }

    pub(crate) fn small<T: TryFrom<i64>>(&mut self) -> Result<T, Failure> {
        let number = self.number()?;
        self.parsed(self.number, T::try_from(number).map_err(|_| Malformed("number")))
    }

    pub(crate) fn small_if_any<T: TryFrom<i64>>(&mut self) -> Result<Option<T>, Failure> {
        let number = self.number_if_any()?;
        self.parsed(self.number, number.map(T::try_from).transpose().map_err(|_| Malformed("number")))
    }

    pub(crate) fn flag(&mut self) -> Result<bool, Failure> {
        Ok(self.number()? != 0)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Failure> {
        self.number().map(Timestamp::from_millis)
    }

    pub(crate) fn time_if_any(&mut self) -> Result<Option<Timestamp>, Failure> {
        Ok(self.number_if_any()?.map(Timestamp::from_millis))
    }

    pub(crate) fn text<T>(&mut self, parse: impl FnOnce(&str) -> Result<T, Malformed>) -> Result<T, Failure> {
        let at = step(&mut self.text);
        let text = self.required::<&str>(at)?;
        self.parsed(self.text, parse(text))
    }

    pub(crate) fn text_if_any<T>(
        &mut self,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Failure> {
        let at = step(&mut self.text);
        let text = self.cell::<&str>(at)?;
        self.parsed(self.text, text.map(parse).transpose())
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

    pub(crate) fn bytes<T>(
        &mut self,
        parse: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<T, Failure> {
        let at = step(&mut self.byte);
        let bytes = self.required::<&[u8]>(at)?;
        self.parsed(self.byte, parse(bytes))
    }

    pub(crate) fn bytes_if_any<T>(
        &mut self,
        parse: impl FnOnce(&[u8]) -> Result<T, Malformed>,
    ) -> Result<Option<T>, Failure> {
        let at = step(&mut self.byte);
        let bytes = self.cell::<&[u8]>(at)?;
        self.parsed(self.byte, bytes.map(parse).transpose())
    }

    /// What was read last of the bytes does not go together with what was read beside it.
    pub(crate) fn contradiction(&self, cause: Malformed) -> Failure {
        self.corrupt(self.byte.saturating_sub(1), cause)
    }

    fn cell<T: Decode<'row, Postgres> + Type<Postgres>>(&self, at: usize) -> Result<Option<T>, Failure> {
        self.row.try_get(at).map_err(|_| self.corrupt(at, Malformed("column")))
    }

    fn required<T: Decode<'row, Postgres> + Type<Postgres>>(&self, at: usize) -> Result<T, Failure> {
        self.cell(at)?.ok_or_else(|| self.corrupt(at, Malformed("empty column")))
    }

    /// `next` is the position after the cell.
    fn parsed<T>(&self, next: usize, outcome: Result<T, Malformed>) -> Result<T, Failure> {
        outcome.map_err(|cause| self.corrupt(next.saturating_sub(1), cause))
    }

    fn corrupt(&self, column: usize, cause: Malformed) -> Failure {
        let column = self.row.columns().get(column).map_or("?", |column| column.name()).to_owned();
        CorruptCell { table: self.table, column, cause }.into()
    }
}

fn step(position: &mut usize) -> usize {
    let at = *position;
    *position = at.saturating_add(1);
    at
}

/// All rows, each read by `read`.
pub(crate) fn list<T>(
    rows: &[PgRow],
    table: &'static str,
    shape: Shape,
    read: impl Fn(&mut Cells<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    rows.iter().map(|row| read(&mut Cells::at(0, shape, table, row))).collect()
}

/// A row that is a single number.
pub(crate) fn lone_number(row: &PgRow, table: &'static str) -> Result<i64, Failure> {
    Cells::at(0, Shape::new(0, 0, 1), table, row).number()
}
