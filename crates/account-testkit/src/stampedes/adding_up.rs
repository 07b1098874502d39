//! Where the count must be right in the end: limits, and updates that must not be lost.

use account_core::id::Revision;
use account_core::store::{AccountState, Change, Observation};

use super::on_a_fresh_store;
use crate::adapter::Adapter;
use crate::broken::{Proven, promise, same};
use crate::cases::given::{registered, registered_with, state, trail};
use crate::crowd::{at_once, decide};
use crate::sample;

pub(crate) fn forty_keys_at_a_limit_of_twenty_five_make_twenty_five(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let id = adapter.prove(registered(&store, 1))?;
        let made = at_once(adapter, fresh, 40, |actor, store| async move {
            let key = sample::api_key(u64::try_from(actor).unwrap_or(0) + 1);
            let rule = |seen: &AccountState| {
                (seen.api_keys.len() < 25).then(|| vec![Change::AddApiKey(key.clone())])
            };
            decide(&store, id, rule).await
        })?;
        same!(made.iter().flatten().count(), 25, "of 40 keys made at once at a limit of 25, 25 are made");
        let keys = adapter.prove(async { Ok(store.api_keys(id).await?.len()) })?;
        same!(keys, 25, "at a limit of 25 there are 25 keys, whoever comes at once");
        Ok(())
    })
}

pub(crate) fn no_update_is_lost(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let id = adapter.prove(registered(&store, 1))?;
        at_once(adapter, fresh, 10, |actor, store| async move {
            for turn in 0..6 {
                let number = u64::try_from(actor).unwrap_or(0) * 6 + turn + 1;
                let rule = |_: &AccountState| Some(vec![Change::OpenSession(sample::session(number))]);
                decide(&store, id, rule).await?;
            }
            Ok(())
        })?;
        let now = adapter.prove(state(&store, id))?;
        same!(now.sessions.len(), 60, "every commit that was acknowledged is there: an update was lost");
        same!(
            now.account.revision,
            Revision(61),
            "each commit raises the revision by one, and no two make the same one"
        );
        Ok(())
    })
}

pub(crate) fn a_key_added_and_removed_at_once_is_there_or_not(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        for round in 1..=20u64 {
            let id = adapter.prove(registered(&store, round))?;
            let answers = at_once(adapter, fresh, 4, |actor, store| async move {
                let rule = |seen: &AccountState| {
                    let there = !seen.api_keys.is_empty();
                    match (actor % 2, there) {
                        (0, false) => Some(vec![Change::AddApiKey(sample::api_key(round))]),
                        (1, true) => Some(vec![Change::RemoveApiKey(sample::identifier(round))]),
                        _ => None,
                    }
                };
                Ok(decide(&store, id, rule).await?.is_some())
            })?;
            let (added, removed) =
                answers.iter().enumerate().fold((0, 0), |(added, removed), (actor, done)| {
                    if actor % 2 == 0 {
                        (added + usize::from(*done), removed)
                    } else {
                        (added, removed + usize::from(*done))
                    }
                });
            let (listed, found) = adapter.prove(async {
                Ok((
                    store.api_keys(id).await?.len(),
                    store.api_key(&sample::identifier(round)).await?.is_some(),
                ))
            })?;
            promise!(
                added == removed + listed && (listed == 1) == found,
                "a key added {added} times and removed {removed} times is there {listed} times, found: {found}"
            );
        }
        Ok(())
    })
}

pub(crate) fn a_mail_goes_to_one_worker(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        adapter.prove(async {
            for n in 1..=60 {
                store.queue_mail(&sample::mail(n, None)).await?;
            }
            Ok(())
        })?;
        let given = at_once(adapter, fresh, 6, |_, store| async move {
            let (mut mine, mut idle) = (Vec::new(), 0);
            // Somebody else may hold what is due: an empty answer is not the end.
            while idle < 3 {
                let claimed = store.claim_mail(sample::at(100), sample::at(9000), 5).await?;
                promise!(claimed.len() <= 5, "a worker asked for five mails and was given {}", claimed.len());
                idle = if claimed.is_empty() { idle + 1 } else { 0 };
                mine.extend(claimed.into_iter().map(|mail| mail.id));
            }
            Ok(mine)
        })?;
        let mut all: Vec<_> = given.into_iter().flatten().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        same!(all.len(), count, "a mail was given to two workers at once: it is delivered twice");
        same!(count, 60, "all mail that is due is given to somebody");
        Ok(())
    })
}

pub(crate) fn entries_written_at_once_are_all_kept(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let uid = sample::uid(1);
        at_once(adapter, fresh, 8, |actor, store| async move {
            for n in 0..10 {
                let own = sample::activity(u64::try_from(actor).unwrap_or(0) * 10 + n + 100, uid);
                store.record(&[own, sample::activity(n + 1, uid)]).await?;
            }
            Ok(())
        })?;
        let total = adapter.prove(trail(&store, uid))?.total;
        same!(
            total,
            90,
            "eighty entries of their own and ten that all wrote are ninety, whoever writes at once"
        );
        Ok(())
    })
}

pub(crate) fn the_latest_use_stands(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        adapter.prove(registered_with(&store, 1, &[Change::AddApiKey(sample::api_key(1))]))?;
        at_once(adapter, fresh, 8, |actor, store| async move {
            for turn in 0..15 {
                let at = sample::at(turn * 8 + u64::try_from(actor).unwrap_or(0));
                let (account, identifier) = (sample::uid(1), sample::identifier(1));
                store.observe(&[Observation::ApiKeyUsed { account, identifier, at }]).await?;
            }
            Ok(())
        })?;
        let found = adapter.prove(async { Ok(store.api_key(&sample::identifier(1)).await?) })?;
        let used = found.and_then(|(key, _)| key.last_used_at);
        same!(
            used,
            Some(sample::at(119)),
            "of uses noted at once the latest stands: a last use moved backwards"
        );
        Ok(())
    })
}

pub(crate) fn numbers_given_at_once_are_different(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let answers = at_once(adapter, fresh, 20, |actor, store| async move {
            registered(&store, u64::try_from(actor).unwrap_or(0) + 1).await
        })?;
        let mut numbers = answers;
        numbers.sort();
        numbers.dedup();
        same!(numbers.len(), 20, "twenty accounts registered at once have twenty numbers");
        Ok(())
    })
}
