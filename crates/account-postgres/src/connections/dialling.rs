//! Making a connection, and finding out what it leads to: a server, or a proxy that gives each
//! transaction another one. It judges what durability rests on, and sets nothing that outlives a
//! transaction where a proxy is in between.

use std::fmt;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection, PgDatabaseError, PgRow};
use sqlx::{ConnectOptions as _, Connection as _, Row as _, SqlStr};

use tokio::time::timeout;

use crate::failure::Failure;
use crate::open::{OpenError, PostgresOptions};
use crate::statement::Draft;

/// What a new connection must show.
const SETTINGS: &str = "SELECT current_setting('synchronous_commit'), current_setting('transaction_read_only'), \
     current_setting('server_encoding'), current_setting('statement_timeout'), current_setting('lock_timeout')";

/// Shapes of statements that stay prepared on one connection.
const PREPARED_STATEMENTS: usize = 250;

/// While a program starts; later nobody waits for so long.
const LONGEST_DIALLING: Duration = Duration::from_secs(10);

/// What is between this program and the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Nothing: a session keeps its settings and its prepared statements.
    Direct,
    /// A proxy that pools transactions: nothing may outlive one.
    Pooled,
}

/// Makes connections of one kind.
pub(crate) struct Dialler {
    options: PgConnectOptions,
    way: Way,
    asynchronous_commit: bool,
    statement_timeout: Duration,
    begin: SqlStr,
}

impl fmt::Debug for Dialler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialler").field("way", &self.way).finish_non_exhaustive()
    }
}

/// What the server said of itself.
struct Settings {
    synchronous_commit: String,
    read_only: String,
    encoding: String,
    statement_timeout: String,
    lock_timeout: String,
}

impl Dialler {
    /// Finds the way to the database, and comes back with the connection that it was found by.
    pub(crate) async fn find(
        url: &str,
        options: &PostgresOptions,
    ) -> Result<(Self, PgConnection), OpenError> {
        // The driver's error is not shown: it may repeat a part of the URL.
        let connect = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url)?;
        let connect = connect.disable_statement_logging().statement_cache_capacity(PREPARED_STATEMENTS);
        // No column is a float, and PgBouncer refuses whoever sets this when a session starts.
        let connect = connect.extra_float_digits(None);
        if options.transaction_pooling != Some(true) {
            let direct = Self::new(direct(connect.clone(), options), Way::Direct, options);
            let found = direct.dial_any().await;
            match found {
                Ok((connection, settings)) if settings.keep(options) => {
                    direct.judge(&settings)?;
                    return Ok((direct, connection));
                }
                Ok((connection, settings)) if options.transaction_pooling == Some(false) => {
                    direct.judge(&settings)?;
                    return Ok((direct, connection));
                }
                Err(error) if !is_refused_by_a_proxy(&error) => return Err(connect_error(error)),
                Ok(_) | Err(_) => {}
            }
        }
        let pooled = Self::new(connect, Way::Pooled, options);
        let (connection, settings) = pooled.dial_any().await.map_err(connect_error)?;
        pooled.judge(&settings)?;
        Ok((pooled, connection))
    }

    fn new(connect: PgConnectOptions, way: Way, options: &PostgresOptions) -> Self {
        let mut begin = Draft::of("BEGIN");
        if way == Way::Pooled {
            begin.then("; SET LOCAL statement_timeout = ").number(millis(options.statement_timeout));
            begin.then("; SET LOCAL lock_timeout = ").number(millis(options.lock_timeout));
            begin.then("; SET LOCAL idle_in_transaction_session_timeout = ");
            begin.number(millis(idle_in_transaction(options)));
        }
        Self {
            options: connect,
            way,
            asynchronous_commit: options.asynchronous_commit,
            statement_timeout: options.statement_timeout,
            begin: begin.into_text(),
        }
    }

    pub(crate) fn way(&self) -> Way {
        self.way
    }

    /// What begins a transaction, with its limits where the session has none.
    pub(crate) fn begin(&self) -> SqlStr {
        self.begin.clone()
    }

    /// The server gives up first, and says what came of it; later it is not waited for.
    pub(crate) fn patience(&self) -> Duration {
        self.statement_timeout.saturating_add(Duration::from_secs(1))
    }

    /// A connection that may be used.
    pub(crate) async fn dial(&self) -> Result<PgConnection, OpenError> {
        let (connection, settings) = self.dial_any().await.map_err(connect_error)?;
        self.judge(&settings)?;
        Ok(connection)
    }

    async fn dial_any(&self) -> Result<(PgConnection, Settings), sqlx::Error> {
        let dialling = async {
            let mut connection = PgConnection::connect_with(&self.options).await?;
            let row = sqlx::raw_sql(SETTINGS).fetch_one(&mut connection).await?;
            Ok((connection, Settings::read(&row)?))
        };
        let late = |_| Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        timeout(LONGEST_DIALLING, dialling).await.unwrap_or_else(late)
    }

    fn judge(&self, settings: &Settings) -> Result<(), OpenError> {
        if settings.encoding != "UTF8" {
            return Err(OpenError::Encoding(settings.encoding.clone()));
        }
        if settings.read_only != "off" {
            return Err(OpenError::ReadOnly);
        }
        if settings.synchronous_commit == "off" && !self.asynchronous_commit {
            return Err(OpenError::AsynchronousCommit);
        }
        Ok(())
    }
}

impl Settings {
    fn read(row: &PgRow) -> Result<Self, sqlx::Error> {
        Ok(Self {
            synchronous_commit: row.try_get(0)?,
            read_only: row.try_get(1)?,
            encoding: row.try_get(2)?,
            statement_timeout: row.try_get(3)?,
            lock_timeout: row.try_get(4)?,
        })
    }

    /// Whether the session has the limits that were asked for when it started.
    fn keep(&self, options: &PostgresOptions) -> bool {
        milliseconds(&self.statement_timeout) == Some(millis(options.statement_timeout))
            && milliseconds(&self.lock_timeout) == Some(millis(options.lock_timeout))
    }
}

/// The limits as the session's own, set when it starts.
fn direct(connect: PgConnectOptions, options: &PostgresOptions) -> PgConnectOptions {
    connect.options([
        ("statement_timeout", millis(options.statement_timeout)),
        ("lock_timeout", millis(options.lock_timeout)),
        ("idle_in_transaction_session_timeout", millis(idle_in_transaction(options))),
    ])
}

/// A node that stops in the middle of a transaction does not hold its locks for longer.
fn idle_in_transaction(options: &PostgresOptions) -> Duration {
    options.statement_timeout.saturating_mul(2)
}

/// The server takes no more than 24 days.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).min(i32::MAX.unsigned_abs().into())
}

/// `5s`, `200ms`, `1min`, or a bare number of milliseconds.
fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.len().checked_sub(text.trim_start_matches(|c: char| c.is_ascii_digit()).len())?;
    let (number, unit) = text.split_at_checked(digits)?;
    let scale = match unit {
        "" | "ms" => 1,
        "s" => 1_000,
        "min" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(scale)
}

/// Proxies refuse to pass on what a session sets when it starts.
fn is_refused_by_a_proxy(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<PgDatabaseError>())
        .is_some_and(|error| error.message().contains("startup parameter"))
}

fn connect_error(error: sqlx::Error) -> OpenError {
    OpenError::Connect(Failure::from(error).into_cause())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_servers_print_them() {
        for (text, expected) in [
            ("5s", Some(5_000)),
            ("250ms", Some(250)),
            ("2min", Some(120_000)),
            ("5000", Some(5_000)),
            ("0", Some(0)),
            ("", None),
            ("s", None),
            ("5d", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_prints_a_password() {
        let connect = PgConnectOptions::from_str("postgres://user:geheim@localhost/db").unwrap();
        let dialler = Dialler::new(connect, Way::Direct, &PostgresOptions::new());
        assert!(!format!("{dialler:?}").contains("geheim"));
    }
}
