//! Sessions: named by their handle and by their token's digest; both are unique across accounts.
//! Expired ones stay until the sweep: whether one counts is the core's question.

use std::net::IpAddr;

use account_core::account::Account;
use account_core::id::{AccountId, Digest, PasswordEpoch, SessionId};
use account_core::malformed::Malformed;
use account_core::ports::keyring::Mac;
use account_core::session::{StoredSession, UserAgent};
use account_core::store::{SessionRepository, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::hanging::{self, Hanging, Names, Rows};
use super::{RedbStore, account};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SessionRow {
    id: [u8; 16],
    token: [u8; 32],
    mac: Vec<u8>,
    password_epoch: i64,
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    created_at: i64,
    last_seen_at: i64,
}

impl Hanging for StoredSession {
    type Row = SessionRow;
    const KIND: &'static str = "session";
    const ROWS: Rows = TableDefinition::new("session");
    const NAMES: Names = TableDefinition::new("session_by_name");
    const TAKEN: UniqueKey = UniqueKey::Secret;

    fn names(&self, _: AccountId) -> Vec<Vec<u8>> {
        vec![name(self.id), token(&self.token)]
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn to_row(&self) -> SessionRow {
        SessionRow {
            id: *self.id.as_bytes(),
            token: *self.token.as_bytes(),
            mac: self.mac.as_bytes().to_vec(),
            password_epoch: self.password_epoch.0,
            ip: self.ip,
            user_agent: self.user_agent.clone().map(Into::into),
            created_at: self.created_at.as_millis(),
            last_seen_at: self.last_seen_at.as_millis(),
        }
    }

    fn from_row(row: SessionRow) -> Result<Self, Malformed> {
        Ok(Self {
            id: SessionId::from_stored(&row.id)?,
            token: Digest::from_bytes(row.token),
            mac: Mac::from_stored(row.mac)?,
            password_epoch: PasswordEpoch(row.password_epoch),
            ip: row.ip,
            user_agent: row.user_agent.map(UserAgent::from_stored).transpose()?,
            created_at: Timestamp::from_millis(row.created_at),
            last_seen_at: Timestamp::from_millis(row.last_seen_at),
        })
    }
}

/// The first letter keeps handles and digests apart.
pub(super) fn name(id: SessionId) -> Vec<u8> {
    [b"i", &id.as_bytes()[..]].concat()
}

fn token(token: &Digest) -> Vec<u8> {
    [b"t", &token.as_bytes()[..]].concat()
}

#[async_trait]
impl SessionRepository for RedbStore {
    async fn session(&self, digest: &Digest) -> StoreResult<Option<(StoredSession, Account)>> {
        self.ask(|snapshot| {
            let Some((owner, session)) = hanging::find(snapshot, &token(digest))? else { return Ok(None) };
            Ok(account::account(snapshot, owner)?.map(|account| (session, account)))
        })
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        self.ask(|snapshot| hanging::of(snapshot, account))
    }
}
