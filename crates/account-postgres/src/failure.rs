//! What can go wrong inside, sorted by what the adapter does about it: a verdict about one piece of
//! work, a refusal by a database that still answers, or a connection that is gone.

use std::error::Error as _;
use std::fmt;

use account_core::malformed::Malformed;
use account_core::store::{BoxError, StoreError, UniqueKey};
use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// Why a piece of work did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work ran, and this is its answer: nothing is wrong with the database.
    Verdict(StoreError),
    /// The database refused a statement: its transaction is undone, its connection stands.
    Refused(Fault),
    /// The connection is gone, and with it what it was about to answer.
    Lost(Fault),
    /// The answer did not come in time, and is waited for no longer.
    Late,
}

/// What the database or the driver said: a code and a message, without the values that PostgreSQL
/// puts into details.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    code: Option<String>,
    message: String,
}

impl Fault {
    pub(crate) fn new(message: &str) -> Self {
        Self { code: None, message: message.to_owned() }
    }

    fn of(error: &PgDatabaseError) -> Self {
        Self { code: Some(error.code().to_owned()), message: error.message().to_owned() }
    }

    fn is_of_a_class(&self, classes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| classes.iter().any(|class| code.starts_with(class)))
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "PostgreSQL: {} ({code})", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for Fault {}

/// `serialization_failure` and `deadlock_detected`: nothing happened, and the same may succeed.
const WORTH_REPEATING: &[&str] = &["40001", "40P01"];
/// `statement_completion_unknown`, which distributed engines answer.
const COMPLETION_UNKNOWN: &str = "40003";
/// The connection's prepared statement is gone or older than the schema; on another it works.
const STALE_STATEMENT: &[&str] = &["26000", "0A000"];
/// A primary that has become a standby, and states in which a connection is of no more use.
const USELESS_CONNECTION: &[&str] = &["25006", "25P01", "25P02", "25P03"];
/// Classes of what is wrong with the connection, the transaction, the statement as such, or the server, its
/// resources, its locks and its patience among it.
const ABOUT_NO_ROW: &[&str] = &["08", "0A", "25", "26", "40", "42", "53", "55", "57"];
const CORRUPT_STORAGE: &[&str] = &["XX001", "XX002"];

impl Failure {
    pub(crate) fn is_worth_repeating(&self) -> bool {
        matches!(self, Self::Refused(fault) if fault.has_code(WORTH_REPEATING))
    }

    /// Nothing was run, and it would on a fresh connection.
    pub(crate) fn wants_a_fresh_connection(&self) -> bool {
        matches!(self, Self::Refused(fault) if fault.has_code(STALE_STATEMENT))
    }

    /// Whether the connection it came over may serve others.
    pub(crate) fn spoils_the_connection(&self) -> bool {
        match self {
            Self::Verdict(_) => false,
            Self::Refused(fault) => fault.has_code(USELESS_CONNECTION) || fault.has_code(STALE_STATEMENT),
            Self::Lost(_) | Self::Late => true,
        }
    }

    /// Whether it may be about one row among those that were asked for.
    pub(crate) fn may_be_about_one_row(&self) -> bool {
        match self {
            Self::Verdict(error) => matches!(error, StoreError::Corrupt(_)),
            Self::Refused(fault) => !fault.is_of_a_class(ABOUT_NO_ROW),
            Self::Lost(_) | Self::Late => false,
        }
    }

    /// What another question of the same statement is told. It is about no row.
    pub(crate) fn for_another(&self) -> Self {
        match self {
            Self::Verdict(error) => {
                let cause = error.source().map_or_else(|| error.to_string(), ToString::to_string);
                Self::unavailable(&cause)
            }
            Self::Refused(fault) => Self::Refused(fault.clone()),
            Self::Lost(fault) => Self::Lost(fault.clone()),
            Self::Late => Self::Late,
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// Whether connections that rest will very likely fail like this one: they lead to the same server,
    /// and are as old.
    pub(crate) fn casts_doubt_on_others(&self) -> bool {
        match self {
            Self::Lost(_) | Self::Verdict(StoreError::OutcomeUnknown(_)) => true,
            Self::Refused(_) => self.spoils_the_connection(),
            Self::Verdict(_) | Self::Late => false,
        }
    }

    /// The contract's error, where nothing can have been written.
    pub(crate) fn into_store_error(self) -> StoreError {
        match self {
            Self::Verdict(error) => error,
            Self::Refused(fault) if fault.has_code(&[COMPLETION_UNKNOWN]) => {
                StoreError::OutcomeUnknown(Box::new(fault))
            }
            Self::Refused(fault) if fault.has_code(CORRUPT_STORAGE) => StoreError::Corrupt(Box::new(fault)),
            Self::Refused(fault) | Self::Lost(fault) => StoreError::Unavailable(Box::new(fault)),
            Self::Late => StoreError::Unavailable(Box::new(late())),
        }
    }

    /// For an error of another kind.
    pub(crate) fn into_cause(self) -> BoxError {
        match self {
            Self::Verdict(error) => Box::new(error),
            Self::Refused(fault) | Self::Lost(fault) => Box::new(fault),
            Self::Late => Box::new(late()),
        }
    }

    /// The same failure, where the database may have committed before the connection was lost.
    pub(crate) fn at_commit(self) -> Self {
        match self {
            Self::Lost(fault) => Self::Verdict(StoreError::OutcomeUnknown(Box::new(fault))),
            Self::Late => Self::Verdict(StoreError::OutcomeUnknown(Box::new(late()))),
            other => other,
        }
    }

    pub(crate) fn no_connection_came_free() -> Self {
        Self::unavailable("no connection to the database came free in time")
    }

    pub(crate) fn unavailable(message: &str) -> Self {
        Self::Verdict(StoreError::Unavailable(Box::new(Fault::new(message))))
    }
}

fn late() -> Fault {
    Fault::new("the database did not answer in time")
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Verdict(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
                Some(error) => Self::from(error),
                None => Self::Refused(Fault::new(error.message())),
            },
            sqlx::Error::Decode(_)
            | sqlx::Error::ColumnDecode { .. }
            | sqlx::Error::ColumnIndexOutOfBounds { .. }
            | sqlx::Error::ColumnNotFound(_) => Self::Verdict(StoreError::Corrupt(Box::new(error))),
            sqlx::Error::Encode(_) | sqlx::Error::InvalidArgument(_) => {
                Self::Verdict(StoreError::Unavailable(Box::new(error)))
            }
            other => Self::Lost(Fault { code: None, message: other.to_string() }),
        }
    }
}

impl From<&PgDatabaseError> for Failure {
    fn from(error: &PgDatabaseError) -> Self {
        if matches!(error.severity(), PgSeverity::Fatal | PgSeverity::Panic) {
            return Self::Lost(Fault::of(error));
        }
        match error.code() {
            "23505" => Self::Verdict(StoreError::Taken(broken_uniqueness(error.constraint()))),
            _ => Self::Refused(Fault::of(error)),
        }
    }
}

fn broken_uniqueness(constraint: Option<&str>) -> UniqueKey {
    match constraint {
        Some("account_by_email") => UniqueKey::Email,
        Some("account_by_username") => UniqueKey::Username,
        Some("api_key_by_identifier") => UniqueKey::ApiKeyIdentifier,
        Some("ssh_key_by_fingerprint") => UniqueKey::SshKey,
        _ => UniqueKey::Secret,
    }
}

/// A cell that no version of this program wrote: where it is, never what it holds.
#[derive(Debug)]
pub(crate) struct CorruptCell {
    pub(crate) table: &'static str,
    pub(crate) column: String,
    pub(crate) cause: Malformed,
}

impl fmt::Display for CorruptCell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}.{}", self.cause, self.table, self.column)
    }
}

impl std::error::Error for CorruptCell {}

impl From<CorruptCell> for Failure {
    fn from(cell: CorruptCell) -> Self {
        Self::Verdict(StoreError::Corrupt(Box::new(cell)))
    }
}

/// For faults that the driver hands over boxed.
pub(crate) fn unencodable(error: BoxError) -> Failure {
    Failure::Verdict(StoreError::Unavailable(error))
}
