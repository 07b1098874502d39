//! Listing, making and deleting API keys (contract 5).

use std::convert::Infallible;

use crate::accounts::{Accounts, Decision, Undecided};
use crate::activity::{Event, Recorder};
use crate::api_key::{
    AllowedIps, ApiKey, ApiKeyIdentifier, ApiKeyToken, Description, StoredApiKey, mac::Grant, rules,
};
use crate::creation::{self, Found, IdempotencyDigest, IdempotencyKey, Once};
use crate::error::Error;
use crate::field::Fault;
use crate::id::MailId;
use crate::mail::Notice;
use crate::policy::Operation;
use crate::principal::{Actor, Principal};
use crate::store::{AccountState, Change, StoreError, UniqueKey};
use crate::time::Timestamp;

/// How often an identifier that is taken is minted again: each is one of 62^4 of its millisecond.
const MINTINGS: usize = 4;

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewApiKey {
    /// What the owner writes.
    pub description: Description,
    /// From where it may be used.
    pub allowed_ips: AllowedIps,
    /// When it stops working; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A key that was made, with its token: shown this once and never again.
#[derive(Clone)]
pub struct CreatedApiKey {
    /// The key as its owner sees it from now on.
    pub key: ApiKey,
    /// What a client presents.
    pub token: ApiKeyToken,
}

/// API keys; opened by [`Accounts::api_keys`].
#[derive(Clone, Copy)]
pub struct ApiKeys<'a>(pub(crate) &'a Accounts);

impl ApiKeys<'_> {
    /// The caller's keys, oldest first, without secrets.
    ///
    /// # Errors
    /// Those of policy and store.
    pub async fn list(&self, who: &Principal) -> Result<Vec<ApiKey>, Error> {
        self.0.permits(who, Operation::ListApiKeys)?;
        let keys = self.0.inner.store.api_keys(who.account().id).await?;
        Ok(keys.into_iter().map(ApiKey::from).collect())
    }

    /// Makes a key.
    ///
    /// # Errors
    /// [`Error::LimitReached`]; [`Error::WiderThanMaker`] where the caller is a restricted key;
    /// [`Error::Invalid`] where `expires_at` has passed.
    pub async fn create(&self, who: &Principal, wanted: &NewApiKey) -> Result<CreatedApiKey, Error> {
        self.0.permits(who, Operation::CreateApiKey)?;
        let recorder = &self.0.recorder(who)?;
        let making = Making { maker: who.api_key(), wanted, idempotency: None, recorder };
        self.0.mint(Actor::Principal(who), &making).await
    }

    /// Makes a key, unless a request of this name made it less than a day ago, whoever of the account
    /// asked: then nothing is written, and the answer is that key as it is now, without its token, which
    /// is shown once and never again (REL-07). A name is forgotten with the key that was made under it.
    ///
    /// # Errors
    /// [`Error::IdempotencyKeyReused`] if the request of this name asked for anything else; those of
    /// [`create`](Self::create).
    pub async fn create_once(
        &self,
        who: &Principal,
        wanted: &NewApiKey,
        request: &IdempotencyKey,
    ) -> Result<Once<CreatedApiKey, ApiKey>, Error> {
        self.0.permits(who, Operation::CreateApiKey)?;
        let (recorder, request) = (&self.0.recorder(who)?, request.digest(who.account().uid));
        let making = Making { maker: who.api_key(), wanted, idempotency: Some(request), recorder };
        let before = |state: &AccountState, now: Timestamp| made_before(state, &making, request, now);
        self.0.mint_unless(Actor::Principal(who), &making, before).await
    }

    /// Deletes a key; it may be the calling one. The identifier is taken as the client wrote it.
    ///
    /// # Errors
    /// [`Error::NotFound`] alike for one that is malformed, unknown, or another account's.
    pub async fn delete(&self, who: &Principal, identifier: &str) -> Result<(), Error> {
        self.0.permits(who, Operation::DeleteApiKey)?;
        let identifier = ApiKeyIdentifier::parse(identifier);
        let recorder = self.0.recorder(who)?;
        // What is no identifier is refused in here, so that a caller who has ended meanwhile hears of that first.
        let rule = |state: &AccountState, now| match identifier {
            Some(identifier) => delete(state, identifier, &recorder, now),
            None => Decision::refused(Error::NotFound),
        };
        self.0.decide(Actor::Principal(who), rule).await
    }
}

pub(crate) fn delete(
    state: &AccountState,
    identifier: ApiKeyIdentifier,
    recorder: &Recorder,
    now: Timestamp,
) -> Decision<()> {
    if !state.api_keys.iter().any(|key| key.identifier == identifier) {
        return Decision::refused(Error::NotFound);
    }
    let record = recorder.change(Event::ApiKeyDeleted, &[("identifier", identifier.to_string())], now);
    Decision::committed(vec![Change::RemoveApiKey(identifier), record], ())
}

/// What is to be made, and for whom.
pub(crate) struct Making<'a> {
    /// The key that the caller came with.
    pub(crate) maker: Option<ApiKeyIdentifier>,
    pub(crate) wanted: &'a NewApiKey,
    /// The name of the request, if it has one.
    pub(crate) idempotency: Option<IdempotencyDigest>,
    pub(crate) recorder: &'a Recorder,
}

/// The key that an earlier request of this name made; refused where it was another one, or where the
/// caller could not have made it.
fn made_before(
    state: &AccountState,
    making: &Making<'_>,
    request: IdempotencyDigest,
    now: Timestamp,
) -> Result<Option<ApiKey>, Error> {
    let wanted = making.wanted;
    let same = |key: &StoredApiKey| {
        key.description == wanted.description
            && key.allowed_ips == wanted.allowed_ips
            && key.expires_at == wanted.expires_at
    };
    match creation::find(state, request, now) {
        None => Ok(None),
        Some(Found::ApiKey(key)) if same(key) => {
            rules::inside_maker(state, making.maker, &wanted.allowed_ips, wanted.expires_at)?;
            Ok(Some(key.clone().into()))
        }
        Some(_) => Err(Error::IdempotencyKeyReused),
    }
}

impl Accounts {
    /// Makes a key on behalf of a principal or of the operator.
    pub(crate) async fn mint(&self, who: Actor<'_>, making: &Making<'_>) -> Result<CreatedApiKey, Error> {
        let Once::Made(created) = self.mint_unless(who, making, |_, _| Ok(None::<Infallible>)).await?;
        Ok(created)
    }

    async fn mint_unless<Old: Send>(
        &self,
        who: Actor<'_>,
        making: &Making<'_>,
        before: impl Fn(&AccountState, Timestamp) -> Result<Option<Old>, Error> + Send + Sync,
    ) -> Result<Once<CreatedApiKey, Old>, Error> {
        for _ in 0..MINTINGS {
            let (entropy, prefix) = (&*self.inner.entropy, self.inner.policy.api_key_prefix);
            let token = ApiKeyToken::mint(entropy, prefix, self.inner.clock.now())?;
            let notice = self.mail_id()?;
            let made = self.decide_unless_taken(who, |state, now| {
                creation::once(before(state, now), || self.create_rule(state, making, &token, notice, now))
            });
            match made.await {
                Ok(Once::Made(key)) => return Ok(Once::Made(CreatedApiKey { key, token })),
                Ok(Once::MadeBefore(old)) => return Ok(Once::MadeBefore(old)),
                Err(Undecided::Taken(UniqueKey::ApiKeyIdentifier)) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StoreError::Taken(UniqueKey::ApiKeyIdentifier).into())
    }

    fn create_rule(
        &self,
        state: &AccountState,
        &Making { maker, wanted, idempotency, recorder }: &Making<'_>,
        token: &ApiKeyToken,
        notice: MailId,
        now: Timestamp,
    ) -> Result<(Vec<Change>, ApiKey), Error> {
        if wanted.expires_at.is_some_and(|at| at <= now) {
            return Err(Error::field("expires_at", Fault::NotAFutureTime));
        }
        rules::room(state, &self.inner.policy.limits)?;
        rules::inside_maker(state, maker, &wanted.allowed_ips, wanted.expires_at)?;
        let secret = token.secret_digest();
        let grant = Grant {
            owner: state.account.uid,
            identifier: token.identifier(),
            secret: &secret,
            allowed_ips: &wanted.allowed_ips,
            expires_at: wanted.expires_at,
            made_by: maker,
        };
        let key = StoredApiKey {
            identifier: token.identifier(),
            description: wanted.description.clone(),
            allowed_ips: wanted.allowed_ips.clone(),
            secret,
            mac: grant.mac(&self.inner.keyring),
            expires_at: wanted.expires_at,
            made_by: maker,
            created_at: now,
            last_used_at: None,
            idempotency,
        };
        let record =
            recorder.change(Event::ApiKeyCreated, &[("identifier", key.identifier.to_string())], now);
        let view = ApiKey::from(key.clone());
        let mut changes = vec![Change::AddApiKey(key), record];
        changes.extend(self.notify(state, notice, Notice::ApiKeyCreated, now)?);
        Ok((changes, view))
    }
}
