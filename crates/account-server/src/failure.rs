//! How a command ends when it does not succeed: one line for the person who typed it, and the exit
//! code. It does not print; `main` does, once.

use std::fmt;

/// A command that failed: one line, without a secret, and an exit code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    line: String,
    code: u8,
}

impl Failure {
    /// Refused or failed: exit code 1.
    pub(crate) fn refused(line: impl Into<String>) -> Self {
        Self::new(line.into(), 1)
    }

    /// The command line itself cannot be understood: exit code 2.
    pub(crate) fn usage(line: impl Into<String>) -> Self {
        Self::new(line.into(), 2)
    }

    fn new(line: String, code: u8) -> Self {
        // A driver's message may have several lines; a person who greps a journal wants one.
        let line = line.split(['\n', '\r']).map(str::trim).filter(|part| !part.is_empty());
        Self { line: line.collect::<Vec<_>>().join("; "), code }
    }

    /// The process's exit code: 1 or 2.
    pub(crate) fn code(&self) -> u8 {
        self.code
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.line)
    }
}

impl std::error::Error for Failure {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_always_one_line() {
        let failure = Failure::refused("database: cannot open\n  caused by:\r\n\n disk");
        assert_eq!(failure.to_string(), "database: cannot open; caused by:; disk");
        assert_eq!(failure.code(), 1);
        assert_eq!(Failure::usage("no").code(), 2);
    }
}
