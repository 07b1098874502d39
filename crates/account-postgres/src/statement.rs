//! A statement and its bound parameters. Text is made of literals in this crate alone, and a value can
//! only become a parameter (SEC-58).

use std::borrow::Cow;
use std::sync::Arc;

use sqlx::postgres::{PgArguments, Postgres};
use sqlx::{Arguments as _, AssertSqlSafe, Encode, SqlSafeStr as _, SqlStr, Type};

use account_core::store::BoxError;

use crate::failure::{Failure, unencodable};

/// Each room's statements, named, and listed for the test that reads their plans.
macro_rules! statements {
    ($($name:ident = $text:expr;)*) => {
        $(const $name: &str = $text;)*
        #[cfg(test)]
        pub(crate) const STATEMENTS: &[&str] = &[$($name),*];
    };
}

/// The account's columns in the order that `account::read` takes them.
macro_rules! account_columns {
    () => {
        "account.uid, account.username, account.email, account.email_canonical, account.first_name, \
         account.last_name, account.language, account.id, account.revision, account.password_epoch, \
         account.factor_epoch, account.email_verified_at, account.disabled_at, account.created_at, \
         account.admin::int::bigint, account.two_factor_enabled_at"
    };
}

/// Rows of a table, each with its account, by a column of which no two rows have the same value: the one row with
/// the value $1, or the rows with the values in the array $1. A planner that sees how long the array is plans each
/// statement anew, which takes longer than the look-ups: `(SELECT $1)` hides it.
macro_rules! with_account {
    (one $columns:expr, $table:literal by $column:literal) => {
        concat!(
            "SELECT ",
            $columns,
            ", ",
            account_columns!(),
            " FROM ",
            $table,
            " JOIN account ON account.id = ",
            $table,
            ".account WHERE ",
            $table,
            ".",
            $column,
            " = $1"
        )
    };
    (many $columns:expr, $table:literal by $column:literal, $array:literal) => {
        concat!(
            "SELECT ",
            $columns,
            ", ",
            account_columns!(),
            " FROM unnest((SELECT $1)::",
            $array,
            ") AS n (key) JOIN ",
            $table,
            " ON ",
            $table,
            ".",
            $column,
            " = n.key JOIN account ON account.id = ",
            $table,
            ".account"
        )
    };
}

/// A statement that is being put together.
pub(crate) struct Draft {
    text: Cow<'static, str>,
    arguments: PgArguments,
    bound: usize,
    failure: Option<BoxError>,
}

impl Draft {
    /// Begins with a literal.
    pub(crate) fn of(text: &'static str) -> Self {
        Self { text: Cow::Borrowed(text), arguments: PgArguments::default(), bound: 0, failure: None }
    }

    /// Goes on with a literal.
    pub(crate) fn then(&mut self, text: &'static str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Goes on with a number, where no parameter may stand.
    pub(crate) fn number(&mut self, number: u64) -> &mut Self {
        let digits = number.to_string();
        self.text.to_mut().push_str(&digits);
        self
    }

    /// Binds the next parameter, and names it in the text.
    pub(crate) fn value<'q>(&mut self, value: impl Encode<'q, Postgres> + Type<Postgres>) -> &mut Self {
        self.bind(value);
        let name = format!("${}", self.bound);
        self.text.to_mut().push_str(&name);
        self
    }

    /// Binds the next parameter of a text that names it.
    #[must_use]
    pub(crate) fn with<'q>(mut self, value: impl Encode<'q, Postgres> + Type<Postgres>) -> Self {
        self.bind(value);
        self
    }

    fn bind<'q>(&mut self, value: impl Encode<'q, Postgres> + Type<Postgres>) {
        self.bound = self.bound.saturating_add(1);
        if let Err(error) = self.arguments.add(value) {
            self.failure.get_or_insert(error);
        }
    }

    /// The statement, ready to run any number of times.
    pub(crate) fn ready(self) -> Result<Statement, Failure> {
        if let Some(error) = self.failure {
            return Err(unencodable(error));
        }
        Ok(Statement { text: as_sql(self.text), arguments: self.arguments })
    }

    /// The text of what takes no parameters.
    pub(crate) fn into_text(self) -> SqlStr {
        as_sql(self.text)
    }
}

/// Of literals, numbers and parameters' names: nothing else gets into a draft's text.
fn as_sql(text: Cow<'static, str>) -> SqlStr {
    match text {
        Cow::Borrowed(text) => SqlStr::from_static(text),
        Cow::Owned(text) => AssertSqlSafe(Arc::<str>::from(text)).into_sql_str(),
    }
}

/// A statement with its parameters.
#[derive(Clone)]
pub(crate) struct Statement {
    pub(crate) text: SqlStr,
    pub(crate) arguments: PgArguments,
}
