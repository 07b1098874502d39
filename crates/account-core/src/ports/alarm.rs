//! Where the core tells an operator what no caller may learn: a forged row, a key that is missing.

/// Something that should never happen, and that its victim cannot be told.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Alarm {
    /// A row's MAC or seal does not fit: somebody wrote to the database. It is treated as absent.
    Forged {
        /// What kind of row.
        what: &'static str,
        /// Its name, if it has a public one.
        name: String,
    },
    /// A row was written under a key that the keyring does not have.
    UnknownKey {
        /// The key's name.
        key: String,
    },
    /// A stored password hash has parameters beyond all bounds (SEC-07).
    HostileHash,
}

/// Takes alarms. Must not block.
pub trait AlarmSink: Send + Sync {
    /// Tells the operator.
    fn raise(&self, alarm: Alarm);
}

/// Tells nobody: for tests, and for embedders without a log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl AlarmSink for Silent {
    fn raise(&self, _: Alarm) {}
}
