//! What came of an operation, in terms that all stores share.

use std::collections::BTreeSet;
use std::fmt;

use account_core::account::Account;
use account_core::api_key::StoredApiKey;
use account_core::id::{AccountId, Revision};
use account_core::mail::QueuedMail;
use account_core::session::StoredSession;
use account_core::store::{AccountState, StoreError, StoreResult, UniqueKey};

use super::Book;
use crate::differences;
use crate::memory_store::Refusal;

/// What an operation answered. Account numbers are replaced by places in the universe.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Done,
    Registered,
    Committed(Revision),
    Purged(u64),
    Mail(Vec<QueuedMail>),
    State(Option<Box<AccountState>>),
    Key(Option<Box<(StoredApiKey, Account)>>),
    Session(Option<Box<(StoredSession, Account)>>),
    Found(Option<AccountId>),
    Stale,
    /// A model tells all that is taken; a store tells one of them.
    Taken(BTreeSet<UniqueKey>),
    Failed(String),
}

impl Outcome {
    pub(crate) fn of(answer: StoreResult<Self>) -> Self {
        match answer {
            Ok(outcome) => outcome,
            Err(StoreError::Stale) => Self::Stale,
            Err(StoreError::Taken(key)) => Self::Taken([key].into()),
            Err(other) => Self::Failed(format!("{other:?}")),
        }
    }

    pub(crate) fn of_model(answer: Result<Self, Refusal>) -> Self {
        match answer {
            Ok(outcome) => outcome,
            Err(Refusal::Stale) => Self::Stale,
            Err(Refusal::Taken(keys)) => Self::Taken(keys),
        }
    }

    /// Mail of one time comes in any order.
    pub(crate) fn mail(mut mail: Vec<QueuedMail>) -> Self {
        mail.sort_by_key(|mail| mail.id);
        Self::Mail(mail)
    }

    pub(crate) fn state(book: &Book, state: Option<AccountState>) -> Self {
        Self::State(state.map(|mut state| {
            state.account.id = book.shared(state.account.id);
            Box::new(state)
        }))
    }

    pub(crate) fn key(book: &Book, found: Option<(StoredApiKey, Account)>) -> Self {
        Self::Key(found.map(|(key, account)| Box::new((key, shared(book, account)))))
    }

    pub(crate) fn session(book: &Book, found: Option<(StoredSession, Account)>) -> Self {
        Self::Session(found.map(|(session, account)| Box::new((session, shared(book, account)))))
    }

    pub(crate) fn found(book: &Book, found: Option<AccountId>) -> Self {
        Self::Found(found.map(|id| book.shared(id)))
    }

    /// Whether a store that follows the model may answer `answered`.
    pub(crate) fn admits(&self, answered: &Self) -> bool {
        match (self, answered) {
            (Self::Taken(all), Self::Taken(one)) => !one.is_empty() && one.is_subset(all),
            _ => self == answered,
        }
    }

    /// How `answered` differs from this, for a report.
    pub(crate) fn against(&self, answered: &Self) -> String {
        match (self, answered) {
            (Self::State(expected), Self::State(answered)) => {
                differences::between(expected.as_deref(), answered.as_deref()).unwrap_or_default()
            }
            _ => {
                let (expected, answered) =
                    differences::where_they_part(&self.to_string(), &answered.to_string());
                format!("expected {expected}, answered {answered}")
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken(keys) => {
                let keys: Vec<String> = keys.iter().map(UniqueKey::to_string).collect();
                write!(f, "taken ({})", keys.join(" or "))
            }
            Self::State(Some(state)) => write!(f, "the state at {:?}", state.account.revision),
            other => write!(f, "{other:?}"),
        }
    }
}

pub(super) fn shared(book: &Book, mut account: Account) -> Account {
    account.id = book.shared(account.id);
    account
}
