//! Who is asking. A [`Principal`] exists only if a credential was verified: it cannot be made from
//! request data (requirements D5).

use std::net::IpAddr;

use crate::account::Account;
use crate::api_key::ApiKeyIdentifier;
use crate::error::Error;
use crate::id::{AccountId, AccountUid, SessionId};
use crate::policy::Policy;
use crate::session::{self, StoredSession};
use crate::store::AccountState;
use crate::time::Timestamp;

/// What somebody proved to be themselves with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// An API key, by its identifier.
    ApiKey(ApiKeyIdentifier),
    /// A session, by its public handle.
    Session(SessionId),
}

/// A signed-in caller: the account as it was when the credential was verified, the credential, and
/// the address it came from. Made by [`Accounts`](crate::Accounts) alone.
#[derive(Debug, Clone)]
pub struct Principal {
    account: Account,
    credential: Credential,
    client: Option<IpAddr>,
}

impl Principal {
    pub(crate) fn new(account: Account, credential: Credential, client: Option<IpAddr>) -> Self {
        Self { account, credential, client }
    }

    /// The account, as it was when the credential was verified.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// What the caller proved to be themselves with.
    pub fn credential(&self) -> Credential {
        self.credential
    }

    /// The caller's address, if known.
    pub fn client(&self) -> Option<IpAddr> {
        self.client
    }

    /// Whether the caller used an API key.
    pub fn is_api_key(&self) -> bool {
        matches!(self.credential, Credential::ApiKey(_))
    }

    pub(crate) fn api_key(&self) -> Option<ApiKeyIdentifier> {
        match self.credential {
            Credential::ApiKey(identifier) => Some(identifier),
            Credential::Session(_) => None,
        }
    }

    pub(crate) fn session(&self) -> Option<SessionId> {
        match self.credential {
            Credential::Session(id) => Some(id),
            Credential::ApiKey(_) => None,
        }
    }
}

/// On whose behalf a decision is made, looked at again at every attempt: a request that was let in,
/// and waits with its body while the owner changes the password, must not commit.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Actor<'a> {
    /// A signed-in caller.
    Principal(&'a Principal),
    /// Somebody who is proving to be the owner: the rule itself checks how.
    Claimant(AccountId, AccountUid),
    /// The operator, at the command line or in an embedder's own administration.
    Operator(AccountId),
}

impl Actor<'_> {
    pub(crate) fn account(&self) -> AccountId {
        match self {
            Self::Principal(principal) => principal.account.id,
            Self::Claimant(id, _) | Self::Operator(id) => *id,
        }
    }

    /// What an account that is gone means to this actor.
    pub(crate) fn without_account(&self) -> Error {
        match self {
            Self::Principal(_) | Self::Claimant(..) => Error::Unauthenticated,
            Self::Operator(_) => Error::NotFound,
        }
    }

    pub(crate) fn still_stands(
        &self,
        state: &AccountState,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<(), Error> {
        let account = &state.account;
        let stands = match self {
            Self::Operator(_) => true,
            Self::Claimant(_, uid) => account.uid == *uid,
            Self::Principal(principal) => {
                account.uid == principal.account.uid
                    && account.disabled_at.is_none()
                    && credential_stands(principal, state, now, policy)
            }
        };
        if stands { Ok(()) } else { Err(Error::Unauthenticated) }
    }
}

fn credential_stands(principal: &Principal, state: &AccountState, now: Timestamp, policy: &Policy) -> bool {
    match principal.credential {
        Credential::ApiKey(identifier) => state
            .api_keys
            .iter()
            .any(|key| key.identifier == identifier && key.expires_at.is_none_or(|at| now < at)),
        // A session that changed the password goes on under a new token and a new epoch: a request
        // that came with the old token does not.
        Credential::Session(id) => {
            let epoch = principal.account.password_epoch;
            let live = |stored: &StoredSession| session::is_live(stored, epoch, now, &policy.sessions);
            epoch == state.account.password_epoch
                && state.sessions.iter().any(|stored| stored.id == id && live(stored))
        }
    }
}
