//! SSH keys, named by fingerprint within their account.

use account_core::creation::IdempotencyDigest;
use account_core::id::AccountId;
use account_core::ssh_key::{Fingerprint, SshKey, SshKeyName, SshPublicKey};
use account_core::store::{SshKeyRepository, StoreResult};
use async_trait::async_trait;

use crate::cells::{self, Cells, Shape};
use crate::failure::Failure;
use crate::statement::Draft;
use crate::store::PostgresStore;

const SHAPE: Shape = Shape::new(1, 2, 1);

statements! {
    OF = "SELECT idempotency, name, public_key, created_at FROM ssh_key WHERE account = $1
          ORDER BY created_at, number";
}

pub(crate) fn read(cells: &mut Cells<'_>) -> Result<SshKey, Failure> {
    Ok(SshKey {
        name: cells.owned_text(SshKeyName::from_stored)?,
        public_key: cells.owned_text(SshPublicKey::from_stored)?,
        created_at: cells.time()?,
        idempotency: cells.bytes_if_any(IdempotencyDigest::from_stored)?,
    })
}

pub(crate) fn add(draft: &mut Draft, keys: &[&SshKey]) {
    let fingerprints: Vec<Fingerprint> = keys.iter().map(|key| key.fingerprint()).collect();
    draft.then(
        "INSERT INTO ssh_key (account, fingerprint, name, public_key, created_at, idempotency) \
         SELECT hold.id, n.fingerprint, n.name, n.public_key, n.created_at, n.idempotency FROM hold, unnest(",
    );
    draft.value(fingerprints.iter().map(|fingerprint| &fingerprint.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| key.name.as_str()).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| key.public_key.openssh()).collect::<Vec<_>>());
    draft.then(", ").value(keys.iter().map(|key| key.created_at.as_millis()).collect::<Vec<_>>());
    let name = |key: &&SshKey| key.idempotency.map(|name| name.as_bytes().to_vec());
    draft.then(", ").value(keys.iter().map(name).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (fingerprint, name, public_key, created_at, idempotency, place) \
         ORDER BY n.place",
    );
}

pub(crate) fn remove(draft: &mut Draft, fingerprints: &[&Fingerprint]) {
    draft.then("DELETE FROM ssh_key USING hold WHERE account = hold.id AND fingerprint = ANY(");
    draft.value(fingerprints.iter().map(|fingerprint| &fingerprint.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(")");
}

#[async_trait]
impl SshKeyRepository for PostgresStore {
    async fn ssh_keys(&self, account: AccountId) -> StoreResult<Vec<SshKey>> {
        let rows = self.ask(Draft::of(OF).with(account.0)).await?;
        Ok(cells::list(&rows, "ssh_key", SHAPE, read)?)
    }
}
