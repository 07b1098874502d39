//! API keys. Finding one with its account is the hot path: one prepared statement, two point look-ups.

use account_core::account::Account;
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, Description, StoredApiKey};
use account_core::creation::IdempotencyDigest;
use account_core::id::{AccountId, Digest};
use account_core::malformed::Malformed;
use account_core::ports::keyring::Mac;
use account_core::store::{ApiKeyRepository, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;

use crate::account;
use crate::cells::{self, Cells, Shape};
use crate::failure::Failure;
use crate::look_ups::Question;
use crate::statement::Draft;
use crate::store::PostgresStore;

const SHAPE: Shape = Shape::new(2, 4, 3);
/// With the name of the request that made the key.
const SHAPE_WITH_NAME: Shape = Shape::new(3, 4, 3);

macro_rules! texts_and_numbers {
    () => {
        "api_key.identifier, api_key.description, api_key.allowed_ips, \
         api_key.made_by, api_key.expires_at, api_key.created_at, api_key.last_used_at"
    };
}

macro_rules! columns {
    () => {
        concat!("api_key.secret, api_key.mac, ", texts_and_numbers!())
    };
}

statements! {
    ONE_WITH_ACCOUNT = with_account!(one columns!(), "api_key" by "identifier");
    MANY_WITH_ACCOUNT = with_account!(many columns!(), "api_key" by "identifier", "text[]");
    OF = concat!(
        "SELECT api_key.secret, api_key.mac, api_key.idempotency, ", texts_and_numbers!(),
        " FROM api_key WHERE account = $1 ORDER BY created_at, number"
    );
}

/// By identifier, which stands behind the bytes.
pub(crate) const WITH_ACCOUNT: Question =
    Question { one: ONE_WITH_ACCOUNT, many: MANY_WITH_ACCOUNT, key: SHAPE.bytes };

fn read(cells: &mut Cells<'_>) -> Result<StoredApiKey, Failure> {
    Ok(StoredApiKey {
        secret: cells.bytes(Digest::from_stored)?,
        mac: cells.bytes(|bytes| Mac::from_stored(bytes.to_vec()))?,
        identifier: cells.text(ApiKeyIdentifier::from_stored)?,
        description: cells.owned_text(Description::from_stored)?,
        allowed_ips: cells.text(allowed_ips)?,
        made_by: cells.text_if_any(ApiKeyIdentifier::from_stored)?,
        expires_at: cells.time_if_any()?,
        created_at: cells.time()?,
        last_used_at: cells.time_if_any()?,
        idempotency: None,
    })
}

pub(crate) fn read_with_name(cells: &mut Cells<'_>) -> Result<StoredApiKey, Failure> {
    let key = read(cells)?;
    Ok(StoredApiKey { idempotency: cells.bytes_if_any(IdempotencyDigest::from_stored)?, ..key })
}

fn allowed_ips(json: &str) -> Result<AllowedIps, Malformed> {
    AllowedIps::from_stored(serde_json::from_str(json).map_err(|_| Malformed("allow-list"))?)
}

pub(crate) fn add(draft: &mut Draft, keys: &[&StoredApiKey]) {
    let allowed_ips = |key: &&StoredApiKey| {
        serde_json::Value::from_iter(key.allowed_ips.entries().iter().map(String::as_str)).to_string()
    };
    let name = |key: &&'_ StoredApiKey| key.idempotency.map(|name| name.as_bytes().to_vec());
    draft.then(
        "INSERT INTO api_key (account, identifier, description, allowed_ips, secret, mac, expires_at, made_by, \
         created_at, last_used_at, idempotency) SELECT hold.id, n.identifier, n.description, n.allowed_ips, n.secret, n.mac, \
         n.expires_at, n.made_by, n.created_at, n.last_used_at, n.idempotency FROM hold, unnest(",
    );
    draft.value(keys.iter().map(|key| key.identifier.as_str()).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| key.description.as_str()).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(allowed_ips).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| &key.secret.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| key.mac.as_bytes()).collect::<Vec<_>>());
    draft
        .then(", ")
        .value(keys.iter().map(|key| key.expires_at.map(Timestamp::as_millis)).collect::<Vec<_>>());
    draft.then(", ");
    draft
        .value(keys.iter().map(|key| key.made_by.as_ref().map(ApiKeyIdentifier::as_str)).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| key.created_at.as_millis()).collect::<Vec<_>>());
    draft.then(", ");
    draft.value(keys.iter().map(|key| key.last_used_at.map(Timestamp::as_millis)).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(name).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (identifier, description, allowed_ips, secret, mac, expires_at, made_by, \
         created_at, last_used_at, idempotency, place) ORDER BY n.place",
    );
}

pub(crate) fn remove(draft: &mut Draft, identifiers: &[&ApiKeyIdentifier]) {
    draft.then("DELETE FROM api_key USING hold WHERE account = hold.id AND identifier = ANY(");
    draft.value(identifiers.iter().map(|identifier| identifier.as_str()).collect::<Vec<_>>()).then(")");
}

pub(crate) fn set_macs(draft: &mut Draft, macs: &[(&ApiKeyIdentifier, &Mac)]) {
    draft.then("UPDATE api_key SET mac = n.mac FROM hold, unnest(");
    draft.value(macs.iter().map(|(identifier, _)| identifier.as_str()).collect::<Vec<_>>());
    draft.then(", ").value(macs.iter().map(|(_, mac)| mac.as_bytes()).collect::<Vec<_>>());
    draft.then(") AS n (identifier, mac) WHERE account = hold.id AND api_key.identifier = n.identifier");
}

#[async_trait]
impl ApiKeyRepository for PostgresStore {
    async fn api_key(&self, identifier: &ApiKeyIdentifier) -> StoreResult<Option<(StoredApiKey, Account)>> {
        let Some(row) = self.api_keys.find(identifier.as_str().to_owned()).await? else { return Ok(None) };
        let key = read(&mut Cells::at(0, SHAPE, "api_key", &row))?;
        let account = account::read(&mut Cells::at(SHAPE.width(), account::SHAPE, "account", &row))?;
        Ok(Some((key, account)))
    }

    async fn api_keys(&self, account: AccountId) -> StoreResult<Vec<StoredApiKey>> {
        let rows = self.ask(Draft::of(OF).with(account.0)).await?;
        Ok(cells::list(&rows, "api_key", SHAPE_WITH_NAME, read_with_name)?)
    }
}
