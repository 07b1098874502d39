//! API keys.

use account_core::api_key::{AllowedIps, ApiKeyIdentifier, StoredApiKey};
use account_core::ssh_key::SshKey;
use account_core::store::{Change, UniqueKey};

use super::given::{commit, registered, registered_with, state, try_commit};
use crate::adapter::Store;
use crate::broken::{Broken, Proven, promise, same, taken};
use crate::sample;

pub(crate) async fn an_api_key_is_read_back_whole(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let keys: Vec<StoredApiKey> = (1..=6).map(sample::api_key).collect();
    commit(&store, id, keys.iter().cloned().map(Change::AddApiKey).collect()).await?;
    same!(store.api_keys(id).await?, keys, "the account's keys are read back as they were given");
    same!(state(&store, id).await?.api_keys, keys, "`state` and `api_keys` tell the same");
    for key in &keys {
        let found = store.api_key(&key.identifier).await?;
        let shown = StoredApiKey { idempotency: None, ..key.clone() };
        same!(
            found.as_ref().map(|(key, _)| key),
            Some(&shown),
            "a key is found by its identifier, whole but for the name of the request that made it"
        );
        same!(found.map(|(_, account)| account.id), Some(id), "a key comes with its account");
    }
    Ok(())
}

pub(crate) async fn an_identifier_is_compared_exactly(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let named = |text: &str| -> Result<StoredApiKey, Broken> {
        let identifier = ApiKeyIdentifier::from_stored(text)
            .map_err(|fault| Broken::new(format!("a sample of the kit is malformed: {fault:?}")))?;
        Ok(StoredApiKey { identifier, ..sample::api_key(1) })
    };
    let (lower, upper, other) =
        (named("ptlc_abcdefghijk")?, named("ptlc_ABCDEFGHIJK")?, named("ptlc_aBCDEFGHIJK")?);
    commit(&store, id, vec![Change::AddApiKey(lower.clone())]).await?;
    promise!(
        store.api_key(&upper.identifier).await?.is_none(),
        "an identifier is compared exactly: a key was found by its identifier in another case"
    );
    let answer = try_commit(&store, id, vec![Change::AddApiKey(upper.clone())]).await?;
    promise!(answer.is_ok(), "identifiers that differ in case are two identifiers: {answer:?}");
    let found = store.api_key(&upper.identifier).await?.map(|(key, _)| key.identifier);
    same!(found, Some(upper.identifier), "each of two identifiers that differ in case leads to its own key");
    commit(&store, id, vec![Change::RemoveApiKey(other.identifier)]).await?;
    same!(store.api_keys(id).await?.len(), 2, "a key is removed by its exact identifier alone");
    Ok(())
}

pub(crate) async fn api_keys_come_oldest_first(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let made = |n: u64, at: u64| StoredApiKey { created_at: sample::at(at), ..sample::api_key(n) };
    // The clock stands still, then jumps back, then ahead.
    let added = [made(5, 50), made(3, 50), made(4, 50), made(9, 10), made(1, 90), made(2, 50)];
    for key in added {
        commit(&store, id, vec![Change::AddApiKey(key)]).await?;
    }
    let order: Vec<_> = store.api_keys(id).await?.into_iter().map(|key| key.identifier).collect();
    same!(
        order,
        [9, 5, 3, 4, 2, 1].map(sample::identifier),
        "keys come oldest first, and keys of one millisecond in the order they were added"
    );
    Ok(())
}

pub(crate) async fn a_removed_api_key_is_gone_at_once(store: Store) -> Proven {
    let keys = [Change::AddApiKey(sample::api_key(1)), Change::AddApiKey(sample::api_key(2))];
    let id = registered_with(&store, 1, &keys).await?;
    commit(&store, id, vec![Change::RemoveApiKey(sample::identifier(1))]).await?;
    promise!(store.api_key(&sample::identifier(1)).await?.is_none(), "a removed key must not open anything");
    same!(store.api_keys(id).await?, [sample::api_key(2)], "the other keys stay");
    Ok(())
}

pub(crate) async fn an_identifier_has_one_owner(store: Store) -> Proven {
    registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    let id = registered(&store, 2).await?;
    let answer = try_commit(&store, id, vec![Change::AddApiKey(sample::api_key(1))]).await?;
    taken(answer, UniqueKey::ApiKeyIdentifier, "an API key's identifier is unique across accounts")
}

pub(crate) async fn a_removed_identifier_is_free(store: Store) -> Proven {
    let first = registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]).await?;
    commit(&store, first, vec![Change::RemoveApiKey(sample::identifier(1))]).await?;
    let second = registered(&store, 2).await?;
    commit(&store, second, vec![Change::AddApiKey(sample::api_key(1))]).await?;
    let owner = store.api_key(&sample::identifier(1)).await?.map(|(_, account)| account.id);
    same!(owner, Some(second), "an identifier that was removed is free, and leads to its new owner");
    Ok(())
}

pub(crate) async fn an_allow_list_is_kept_as_written(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let long: Vec<String> = (0..50).map(|n| format!("2001:DB8:{n:x}::/48")).collect();
    let lists =
        [vec![], long, vec!["10.1.2.3/8".to_owned(), "::FFFF:192.0.2.1".to_owned(), "10.1.2.3/8".to_owned()]];
    for (list, n) in lists.into_iter().zip(1..) {
        let allowed_ips = AllowedIps::from_stored(list)
            .map_err(|fault| Broken::new(format!("a sample of the kit is malformed: {fault:?}")))?;
        let key = StoredApiKey { allowed_ips: allowed_ips.clone(), ..sample::api_key(n) };
        commit(&store, id, vec![Change::AddApiKey(key)]).await?;
        let found = store.api_key(&sample::identifier(n)).await?.map(|(key, _)| key.allowed_ips);
        same!(
            found,
            Some(allowed_ips),
            "an allow-list is kept as written, in its order; an empty one stays empty"
        );
    }
    Ok(())
}

pub(crate) async fn a_new_mac_replaces_the_mac_alone(store: Store) -> Proven {
    let keys = [Change::AddApiKey(sample::api_key(1)), Change::AddApiKey(sample::api_key(2))];
    let id = registered_with(&store, 1, &keys).await?;
    commit(&store, id, vec![Change::SetApiKeyMac(sample::identifier(1), sample::mac(9))]).await?;
    let expected = [StoredApiKey { mac: sample::mac(9), ..sample::api_key(1) }, sample::api_key(2)];
    same!(store.api_keys(id).await?, expected, "a new MAC is stored, and nothing else of any key changes");
    Ok(())
}

pub(crate) async fn a_key_outlives_the_key_that_made_it(store: Store) -> Proven {
    let made = StoredApiKey { made_by: Some(sample::identifier(1)), ..sample::api_key(2) };
    let keys = [Change::AddApiKey(sample::api_key(1)), Change::AddApiKey(made.clone())];
    let id = registered_with(&store, 1, &keys).await?;
    commit(&store, id, vec![Change::RemoveApiKey(sample::identifier(1))]).await?;
    same!(store.api_keys(id).await?, [made], "a key stays, with its maker's name, when its maker is removed");
    Ok(())
}

/// A name counts for a day; keys stay for years. Which one counts is not the store's to say.
pub(crate) async fn several_keys_may_have_been_made_under_one_name(store: Store) -> Proven {
    let named = Some(sample::idempotency(1));
    let api_key = |n: u64| StoredApiKey { idempotency: named, ..sample::api_key(n) };
    let ssh_key = |n: u64| SshKey { idempotency: named, ..sample::ssh_key(n) };
    for (n, m) in [(1, 2), (3, 4)] {
        let id = registered(&store, n).await?;
        let changes = vec![
            Change::AddApiKey(api_key(n)),
            Change::AddSshKey(ssh_key(n)),
            Change::AddApiKey(api_key(m)),
            Change::AddSshKey(ssh_key(m)),
        ];
        let answer = try_commit(&store, id, changes).await?;
        promise!(answer.is_ok(), "the name of a request is not unique: {answer:?}");
        let state = state(&store, id).await?;
        same!(state.api_keys, [api_key(n), api_key(m)], "each API key keeps the name of its request");
        same!(state.ssh_keys, [ssh_key(n), ssh_key(m)], "each SSH key keeps the name of its request");
    }
    Ok(())
}
