//! SSH keys.

use account_core::ssh_key::SshKey;
use account_core::store::{Change, UniqueKey};

use super::given::{commit, registered, registered_with, state, try_commit};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same, taken};
use crate::sample;

pub(crate) async fn an_ssh_key_is_read_back_whole(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let keys: Vec<SshKey> = (1..=4).map(sample::ssh_key).collect();
    commit(&store, id, keys.iter().cloned().map(Change::AddSshKey).collect()).await?;
    same!(store.ssh_keys(id).await?, keys, "the account's SSH keys are read back as they were given");
    same!(state(&store, id).await?.ssh_keys, keys, "`state` and `ssh_keys` tell the same");
    Ok(())
}

pub(crate) async fn ssh_keys_come_oldest_first(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let made = |n: u64, at: u64| SshKey { created_at: sample::at(at), ..sample::ssh_key(n) };
    for key in [made(5, 50), made(3, 50), made(9, 10), made(1, 90), made(2, 50)] {
        commit(&store, id, vec![Change::AddSshKey(key)]).await?;
    }
    let order: Vec<_> = store.ssh_keys(id).await?.iter().map(SshKey::fingerprint).collect();
    same!(
        order,
        [9, 5, 3, 2, 1].map(|n| sample::ssh_key(n).fingerprint()),
        "SSH keys come oldest first, and keys of one millisecond in the order they were added"
    );
    Ok(())
}

pub(crate) async fn an_ssh_key_is_unique_within_its_account_alone(store: Store) -> Proven {
    let first = registered_with(&store, 1, &[Change::AddSshKey(sample::ssh_key(1))]).await?;
    let answer = try_commit(&store, first, vec![Change::AddSshKey(sample::ssh_key(1))]).await?;
    taken(answer, UniqueKey::SshKey, "an account has a key once")?;
    let second = registered(&store, 2).await?;
    let answer = try_commit(&store, second, vec![Change::AddSshKey(sample::ssh_key(1))]).await?;
    promise!(answer.is_ok(), "two accounts may have the same SSH key: {answer:?}");
    Ok(())
}

pub(crate) async fn a_removed_ssh_key_is_gone_and_can_come_back(store: Store) -> Proven {
    let keys = [Change::AddSshKey(sample::ssh_key(1)), Change::AddSshKey(sample::ssh_key(2))];
    let id = registered_with(&store, 1, &keys).await?;
    commit(&store, id, vec![Change::RemoveSshKey(sample::ssh_key(1).fingerprint())]).await?;
    same!(store.ssh_keys(id).await?, [sample::ssh_key(2)], "a removed key is gone, and no other");
    let mut renamed = sample::ssh_key(1);
    renamed.created_at = sample::at(99);
    commit(&store, id, vec![Change::AddSshKey(renamed.clone())]).await?;
    same!(store.ssh_keys(id).await?, [sample::ssh_key(2), renamed], "a removed key can be added again");
    Ok(())
}
