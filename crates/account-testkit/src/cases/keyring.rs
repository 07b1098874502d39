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
    let ring = [1, 2, 3].map(sample::key_check);
    for new in &ring {
        store.add_key_check(new, &ring).await?;
    }
    same!(known(&store).await?, ring, "all keys that were added are read back");
    Ok(())
}

pub(crate) async fn a_key_that_is_there_is_left_as_it_is(store: Store) -> Proven {
    let one = sample::key_check(1);
    store.add_key_check(&one, std::slice::from_ref(&one)).await?;
    store.add_key_check(&one, std::slice::from_ref(&one)).await?;
    let other = KeyCheck { check: [9; 16], ..sample::key_check(1) };
    store.add_key_check(&other, std::slice::from_ref(&other)).await?;
    same!(
        known(&store).await?,
        [one],
        "the first check value of a key stands: overwriting it would let a program start with the wrong keyring"
    );
    Ok(())
}

pub(crate) async fn a_keyring_that_lacks_a_key_adds_none(store: Store) -> Proven {
    let [one, two, three] = [1, 2, 3].map(sample::key_check);
    store.add_key_check(&one, std::slice::from_ref(&one)).await?;
    let other = KeyCheck { check: [9; 16], ..sample::key_check(1) };
    for ring in [vec![two.clone()], vec![two.clone(), three], vec![two.clone(), other]] {
        store.add_key_check(&two, &ring).await?;
        same!(
            known(&store).await?,
            std::slice::from_ref(&one),
            "a key whose ring lacks one that is there is not added: two keyrings in one store lock both out"
        );
    }
    store.add_key_check(&two, &[two.clone(), one.clone()]).await?;
    same!(known(&store).await?, [one, two], "a ring that has all keys that are there adds its own");
    Ok(())
}

pub(crate) async fn a_retired_key_is_taken_away(store: Store) -> Proven {
    let ring = [1, 2].map(sample::key_check);
    for new in &ring {
        store.add_key_check(new, &ring).await?;
    }
    store.remove_key_check(&sample::key_check(1).name).await?;
    store.remove_key_check(&sample::key_check(404).name).await?;
    same!(known(&store).await?, [sample::key_check(2)], "a retired key's check is taken away, and no other");
    Ok(())
}
