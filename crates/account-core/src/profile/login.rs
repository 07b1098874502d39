//! What is typed into the first field of a sign-in, told apart without asking a store.

use super::Username;
use crate::email::Email;

/// What a user signs in with: an e-mail address or a username, told apart by the `@`. Neither
/// depends on case.
///
/// ```
/// use account_core::profile::Login;
/// assert_eq!(Login::parse("John@Example.com").unwrap().key(), "john@example.com");
/// assert_eq!(Login::parse("John_Doe").unwrap().key(), "john_doe");
/// assert_eq!(Login::parse("no such name"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Login {
    /// An address; a store looks up its [canonical form](Email::canonical).
    Email(Email),
    /// A username.
    Username(Username),
}

impl Login {
    /// `None` for what can be neither, and thus is nobody's.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.contains('@') {
            Email::parse(typed).ok().map(Self::Email)
        } else {
            Username::parse(typed).ok().map(Self::Username)
        }
    }

    /// What a store compares with its unique column, exactly: the address's canonical form, or the
    /// username. The two never meet, for only one of them holds an `@`.
    pub fn key(&self) -> &str {
        match self {
            Self::Email(email) => email.canonical(),
            Self::Username(username) => username.as_str(),
        }
    }
}
