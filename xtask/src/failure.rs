//! The one error of these commands: a line that a person at a terminal can act on. Nothing here is
//! meant to be matched on by a program.

use std::fmt;
use std::io;

/// What a command ends with.
pub(crate) type Outcome<T> = Result<T, Failure>;

/// Why a command stopped, in one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }

    /// For `map_err`: puts what was attempted before what the system said.
    pub(crate) fn from_io(attempted: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let attempted = attempted.into();
        move |error| Self(format!("{attempted}: {error}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
