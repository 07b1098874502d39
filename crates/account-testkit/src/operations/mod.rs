//! What sequences and races are made of: operations over a small universe, so that they meet.
//!
//! An operation says what to do, not to which number or at which revision: those differ from store
//! to store, and are looked up when it is played.

mod on_model;
mod on_store;
mod outcome;
mod read_back;
mod strategy;

use std::fmt;

use account_core::activity::Activity;
use account_core::id::AccountId;
use account_core::mail::QueuedMail;
use account_core::store::{Change, Expired, Observation};
use account_core::time::Timestamp;

pub(crate) use on_model::play_on_model;
pub(crate) use on_store::{Prepared, play, play_on_store, prepare};
pub(crate) use outcome::Outcome;
pub(crate) use read_back::{of_model, of_store};
pub(crate) use strategy::{race, sequence};

/// How many accounts there may be.
pub(crate) const ACCOUNTS: usize = 3;
/// Each kind of row has these numbers.
pub(crate) const ROWS: u64 = 4;

/// Which revision a commit names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guard {
    /// The one that is stored when the operation is prepared.
    AsRead,
    /// One that is long past.
    Behind,
    /// One that is not yet.
    Ahead,
    /// The stored one, under another account's uid.
    OtherUid,
    /// The stored one, read again as often as it takes: the core's loop.
    Loop,
}

/// One operation.
#[derive(Clone)]
pub(crate) enum Operation {
    Register { who: usize, email: u64, username: u64, changes: Vec<Change> },
    Commit { who: usize, guard: Guard, changes: Vec<Change> },
    Record(Vec<Activity>),
    Observe(Vec<Observation>),
    Purge(Expired),
    QueueMail(QueuedMail),
    ClaimMail { now: Timestamp, until: Timestamp },
    RemoveMail(u64),
    PostponeMail(u64, Timestamp),
    AddKeyCheck { name: u64, value: u64 },
    RemoveKeyCheck(u64),
    State(usize),
    ApiKey(u64),
    Session(u64),
    LoginByEmail(u64),
}

/// Which number each account of the universe has in a store, or had when it was deleted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Book([Option<AccountId>; ACCOUNTS]);

impl Book {
    pub(crate) fn note(&mut self, who: usize, id: AccountId) {
        if let Some(entry) = self.0.get_mut(who) {
            *entry = Some(id);
        }
    }

    /// The number; for an account that never was, one that no store gives.
    pub(crate) fn id(&self, who: usize) -> AccountId {
        self.0.get(who).copied().flatten().unwrap_or(AccountId(i64::MAX - 7))
    }

    /// The account's place in the universe, as a number that all stores share.
    pub(crate) fn shared(&self, id: AccountId) -> AccountId {
        let place = self.0.iter().position(|known| *known == Some(id));
        AccountId(place.and_then(|place| i64::try_from(place).ok()).unwrap_or(-1))
    }
}

/// The sample that stands for an account of the universe.
pub(crate) fn number(who: usize) -> u64 {
    u64::try_from(who).unwrap_or(0) + 1
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Register { who, email, username, changes } => {
                write!(f, "register account {who} (address {email}, username {username}){}", Changes(changes))
            }
            Self::Commit { who, guard, changes } => {
                write!(f, "commit to account {who} ({guard:?}){}", Changes(changes))
            }
            Self::Record(entries) => write!(f, "record {} entries", entries.len()),
            Self::Observe(seen) => write!(f, "observe {seen:?}"),
            Self::Purge(expired) => write!(f, "purge {expired:?}"),
            Self::QueueMail(mail) => write!(f, "queue mail {} of {:?}", mail.id, mail.account),
            Self::ClaimMail { now, until } => write!(f, "claim mail due at {now:?}, until {until:?}"),
            Self::RemoveMail(n) => write!(f, "remove mail {n}"),
            Self::PostponeMail(n, due_at) => write!(f, "postpone mail {n} to {due_at:?}"),
            Self::AddKeyCheck { name, value } => write!(f, "add check {value} of key {name}"),
            Self::RemoveKeyCheck(n) => write!(f, "remove the check of key {n}"),
            Self::State(who) => write!(f, "read the state of account {who}"),
            Self::ApiKey(n) => write!(f, "read API key {n}"),
            Self::Session(n) => write!(f, "read session {n}"),
            Self::LoginByEmail(n) => write!(f, "look up address {n}"),
        }
    }
}

struct Changes<'a>(&'a [Change]);

impl fmt::Display for Changes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for change in self.0 {
            let text = format!("{change:?}");
            let short: String = text.chars().take(110).collect();
            write!(f, "\n       {short}{}", if short.len() < text.len() { " …" } else { "" })?;
        }
        Ok(())
    }
}

/// Operations, one a line.
pub(crate) fn listed(operations: &[Operation]) -> String {
    operations.iter().zip(1..).map(|(operation, n)| format!("\n    {n}. {operation:?}")).collect()
}
