//! The names and check values of the keyring's keys.

use account_core::ports::keyring::KeyCheck;

use crate::adapter::Store;
use crate::broken::{Broken, Proven, same};
use crate::sample;

async fn known(store: &Store) -> Result<Vec<KeyCheck>, Broken> {
    let mut checks = store.key_checks().await?;
    checks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(checks)
}

pub(crate) async fn keys_are_added_and_read_back(store: Store) -> Proven {
    store.add_key_checks(&[sample::key_check(1), sample::key_check(2)]).await?;
    store.add_key_checks(&[]).await?;
    store.add_key_checks(&[sample::key_check(3)]).await?;
    same!(known(&store).await?, [1, 2, 3].map(sample::key_check), "all keys that were added are read back");
    Ok(())
}

pub(crate) async fn a_key_that_is_there_is_left_as_it_is(store: Store) -> Proven {
    store.add_key_checks(&[sample::key_check(1)]).await?;
    let other = KeyCheck { check: [9; 16], ..sample::key_check(1) };
    store.add_key_checks(&[other, sample::key_check(2)]).await?;
    same!(
        known(&store).await?,
        [1, 2].map(sample::key_check),
        "the first check value of a key stands: overwriting it would let a program start with the wrong keyring"
    );
    Ok(())
}

pub(crate) async fn a_retired_key_is_taken_away(store: Store) -> Proven {
    store.add_key_checks(&[sample::key_check(1), sample::key_check(2)]).await?;
    store.remove_key_check(sample::key_check(1).name.as_str()).await?;
    store.remove_key_check("k-404").await?;
    same!(known(&store).await?, [sample::key_check(2)], "a retired key's check is taken away, and no other");
    Ok(())
}
