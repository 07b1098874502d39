//! What must be unique, and leads to its owner: one table for all of it.

use std::collections::BTreeMap;

use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountId, AccountUid, Digest, SessionId};
use account_core::store::{AccountState, UniqueKey};

/// A name that no two accounts share.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    Uid(AccountUid),
    Email(String),
    Username(String),
    ApiKey(ApiKeyIdentifier),
    Session(SessionId),
    SessionToken(Digest),
    PendingSignIn(Digest),
    MailToken(Digest),
}

impl Name {
    /// What the contract calls it.
    pub(crate) fn key(&self) -> UniqueKey {
        match self {
            Self::Email(_) => UniqueKey::Email,
            Self::Username(_) => UniqueKey::Username,
            Self::ApiKey(_) => UniqueKey::ApiKeyIdentifier,
            Self::Uid(_)
            | Self::Session(_)
            | Self::SessionToken(_)
            | Self::PendingSignIn(_)
            | Self::MailToken(_) => UniqueKey::Secret,
        }
    }
}

/// All names of an account and of what hangs on it.
pub(crate) fn of(row: &AccountState) -> Vec<Name> {
    let account = &row.account;
    let mut names = vec![
        Name::Uid(account.uid),
        Name::Email(account.email.canonical().to_owned()),
        Name::Username(account.username.as_str().to_owned()),
    ];
    names.extend(row.api_keys.iter().map(|key| Name::ApiKey(key.identifier)));
    names.extend(row.sessions.iter().flat_map(|s| [Name::Session(s.id), Name::SessionToken(s.token)]));
    names.extend(row.pending_sign_ins.iter().map(|pending| Name::PendingSignIn(pending.token)));
    names.extend(row.mail_tokens.iter().map(|token| Name::MailToken(token.token)));
    names
}

/// Which account has a name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Names(BTreeMap<Name, AccountId>);

impl Names {
    pub(crate) fn owner(&self, name: &Name) -> Option<AccountId> {
        self.0.get(name).copied()
    }

    /// Whether somebody else has it.
    pub(crate) fn is_taken(&self, name: &Name, asking: AccountId) -> bool {
        self.owner(name).is_some_and(|owner| owner != asking)
    }

    /// Puts the names of `after` in the place of those of `before`.
    pub(crate) fn replace(&mut self, before: Option<&AccountState>, after: Option<&AccountState>) {
        for name in before.map(of).unwrap_or_default() {
            self.0.remove(&name);
        }
        if let Some(after) = after {
            self.0.extend(of(after).into_iter().map(|name| (name, after.account.id)));
        }
    }
}
