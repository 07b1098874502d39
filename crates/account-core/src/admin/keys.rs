//! API keys of other people's accounts.

use crate::admin::Admin;
use crate::api_key::{self, ApiKey, ApiKeyIdentifier, CreatedApiKey, Making, NewApiKey};
use crate::error::Error;
use crate::id::AccountId;
use crate::principal::Actor;

impl Admin<'_> {
    /// An account's API keys, oldest first.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn api_keys(&self, id: AccountId) -> Result<Vec<ApiKey>, Error> {
        self.by_id(id).await?;
        let keys = self.0.inner.store.api_keys(id).await?;
        Ok(keys.into_iter().map(ApiKey::from).collect())
    }

    /// Makes an API key for an account.
    ///
    /// # Errors
    /// [`Error::NotFound`]; [`Error::LimitReached`]; [`Error::Invalid`] where `expires_at` has passed.
    pub async fn create_api_key(&self, id: AccountId, wanted: &NewApiKey) -> Result<CreatedApiKey, Error> {
        let uid = self.by_id(id).await?.uid;
        let recorder = &self.0.recorder_without_actor(Some(uid), None)?;
        let making = Making { maker: None, wanted, idempotency: None, recorder };
        self.0.mint(Actor::Operator(id), &making).await
    }

    /// Deletes an API key, whosever it is.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn revoke_api_key(&self, identifier: ApiKeyIdentifier) -> Result<(), Error> {
        let (_, account) = self.0.inner.store.api_key(&identifier).await?.ok_or(Error::NotFound)?;
        let recorder = self.0.recorder_without_actor(Some(account.uid), None)?;
        let revoked = self.0.decide(Actor::Operator(account.id), |state, now| {
            api_key::delete(state, identifier, &recorder, now)
        });
        revoked.await
    }
}
