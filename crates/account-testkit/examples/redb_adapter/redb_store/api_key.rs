//! API keys: named by their identifier, which is unique across accounts.

use account_core::account::Account;
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, Description, StoredApiKey};
use account_core::creation::IdempotencyDigest;
use account_core::id::{AccountId, Digest};
use account_core::malformed::Malformed;
use account_core::ports::keyring::Mac;
use account_core::store::{ApiKeyRepository, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::TableDefinition;
use serde::{Deserialize, Serialize};

use super::hanging::{self, Hanging, Names, Rows};
use super::{RedbStore, account};

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApiKeyRow {
    identifier: String,
    description: String,
    allowed_ips: Vec<String>,
    secret: [u8; 32],
    mac: Vec<u8>,
    expires_at: Option<i64>,
    made_by: Option<String>,
    created_at: i64,
    last_used_at: Option<i64>,
    idempotency: Option<[u8; 32]>,
}

impl Hanging for StoredApiKey {
    type Row = ApiKeyRow;
    const KIND: &'static str = "api_key";
    const ROWS: Rows = TableDefinition::new("api_key");
    const NAMES: Names = TableDefinition::new("api_key_by_name");
    const TAKEN: UniqueKey = UniqueKey::ApiKeyIdentifier;

    fn names(&self, _: AccountId) -> Vec<Vec<u8>> {
        vec![name(&self.identifier)]
    }

    fn made_at(&self) -> Timestamp {
        self.created_at
    }

    fn to_row(&self) -> ApiKeyRow {
        ApiKeyRow {
            identifier: self.identifier.as_str().to_owned(),
            description: self.description.as_str().to_owned(),
            allowed_ips: self.allowed_ips.entries().to_vec(),
            secret: *self.secret.as_bytes(),
            mac: self.mac.as_bytes().to_vec(),
            expires_at: self.expires_at.map(Timestamp::as_millis),
            made_by: self.made_by.as_ref().map(|maker| maker.as_str().to_owned()),
            created_at: self.created_at.as_millis(),
            last_used_at: self.last_used_at.map(Timestamp::as_millis),
            idempotency: self.idempotency.map(|name| *name.as_bytes()),
        }
    }

    fn from_row(row: ApiKeyRow) -> Result<Self, Malformed> {
        Ok(Self {
            identifier: ApiKeyIdentifier::from_stored(&row.identifier)?,
            description: Description::from_stored(row.description)?,
            allowed_ips: AllowedIps::from_stored(row.allowed_ips)?,
            secret: Digest::from_bytes(row.secret),
            mac: Mac::from_stored(row.mac)?,
            expires_at: row.expires_at.map(Timestamp::from_millis),
            made_by: row.made_by.as_deref().map(ApiKeyIdentifier::from_stored).transpose()?,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            idempotency: row.idempotency.map(IdempotencyDigest::from_bytes),
        })
    }
}

/// Compared byte by byte: case matters.
pub(super) fn name(identifier: &ApiKeyIdentifier) -> Vec<u8> {
    identifier.as_str().as_bytes().to_vec()
}

#[async_trait]
impl ApiKeyRepository for RedbStore {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        self.ask(|snapshot| {
            let found = hanging::find::<StoredApiKey>(snapshot, &name(identifier))?;
            let Some((owner, key)) = found else { return Ok(None) };
            // Whoever comes in with a key is not shown the name of the request that made it.
            let key = StoredApiKey { idempotency: None, ..key };
            Ok(account::account(snapshot, owner)?.map(|account| (key, account)))
        })
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        self.ask(|snapshot| hanging::of(snapshot, account))
    }
}
