//! SSH keys: named by their fingerprint, which is unique within an account.

use account_core::creation::IdempotencyDigest;
use account_core::id::AccountId;
use account_core::malformed::Malformed;
use account_core::ssh_key::{Fingerprint, SshKey, SshKeyName, SshPublicKey};
use account_core::store::{SshKeyRepository, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::RedbStore;
use super::hanging::{self, Hanging, Names, Rows};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SshKeyRow {
    name: String,
    public_key: String,
    created_at: i64,
    idempotency: Option<[u8; 32]>,
}

impl Hanging for SshKey {
    type Row = SshKeyRow;
    const KIND: &'static str = "ssh_key";
    const ROWS: Rows = TableDefinition::new("ssh_key");
    const NAMES: Names = TableDefinition::new("ssh_key_by_name");
    const TAKEN: UniqueKey = UniqueKey::SshKey;

    fn names(&self, account: AccountId) -> Vec<Vec<u8>> {
        vec![name(account, self.fingerprint())]
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn to_row(&self) -> SshKeyRow {
        SshKeyRow {
            name: self.name.as_str().to_owned(),
            public_key: self.public_key.openssh().to_owned(),
            created_at: self.created_at.as_millis(),
            idempotency: self.idempotency.map(|name| *name.as_bytes()),
        }
    }

    fn from_row(row: SshKeyRow) -> Result<Self, Malformed> {
        Ok(Self {
            name: SshKeyName::from_stored(row.name)?,
            public_key: SshPublicKey::from_stored(row.public_key)?,
            created_at: Timestamp::from_millis(row.created_at),
            idempotency: row.idempotency.map(IdempotencyDigest::from_bytes),
        })
    }
}

/// Two accounts may have the same key: the account is part of the name.
pub(super) fn name(account: AccountId, fingerprint: Fingerprint) -> Vec<u8> {
    [&account.0.to_be_bytes()[..], fingerprint.as_bytes()].concat()
}

#[async_trait]
impl SshKeyRepository for RedbStore {
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>> {
        self.ask(|snapshot| hanging::of(snapshot, account))
    }
}
