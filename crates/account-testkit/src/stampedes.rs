//! Stampedes: what many do at once, where only some may succeed.

use account_core::id::{PasswordEpoch, Revision};
use account_core::session::StoredSession;
use account_core::store::{AccountState, Change, Observation, StoreError, UniqueKey};
use account_core::two_factor::TotpStep;

use crate::adapter::{Adapter, Fresh};
use crate::broken::{Broken, Proven, promise, same};
use crate::cases::given::{registered, registered_with, state, trail};
use crate::crowd::{at_once, decide};
use crate::sample;

fn on_a_fresh_store(adapter: &Adapter, stampede: impl FnOnce(&Fresh) -> Proven) -> Proven {
    let fresh = adapter.fresh()?;
    let proven = stampede(&fresh);
    adapter.close(fresh)?;
    proven
}

pub(crate) fn one_recovery_code_has_one_spender(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let codes = [Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 10))];
        let id = adapter.prove(registered_with(&store, 1, &codes))?;
        let spent = at_once(adapter, fresh, 32, |actor, store| async move {
            let entry = sample::activity(u64::try_from(actor).unwrap_or(0) + 1, sample::uid(1));
            let rule = |seen: &AccountState| {
                seen.recovery_codes.iter().find(|code| code.position == 3).map(|code| {
                    vec![
                        Change::SpendRecoveryCode { set: code.set, position: code.position },
                        Change::Record(entry.clone()),
                    ]
                })
            };
            decide(&store, id, rule).await
        })?;
        let spenders = spent.iter().flatten().count();
        same!(spenders, 1, "of 32 who spend one recovery code at once, one succeeds");
        let (left, written) = adapter.prove(async {
            Ok((state(&store, id).await?.recovery_codes.len(), trail(&store, sample::uid(1)).await?.total))
        })?;
        same!(left, 9, "one spent code is one code less");
        same!(written, 1, "only the commit that succeeded leaves its audit entry");
        Ok(())
    })
}

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

pub(crate) fn no_session_outlives_a_password_change(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let id = adapter.prove(registered(&store, 1))?;
        for round in 1..=40u64 {
            let old = adapter.prove(state(&store, id))?.password;
            at_once(adapter, fresh, 3, |actor, store| {
                let old = old.clone();
                async move {
                    let number = round * 10 + u64::try_from(actor).unwrap_or(0);
                    let rule = |seen: &AccountState| match actor {
                        0 => Some(vec![
                            Change::SetPassword(sample::password(1000 + round)),
                            Change::SetPasswordEpoch(seen.account.password_epoch.next()),
                            Change::EndSessionsExcept(None),
                        ]),
                        // Signs in with the password that was right before the round.
                        _ => (seen.password == old).then(|| {
                            let password_epoch = seen.account.password_epoch;
                            vec![Change::OpenSession(StoredSession {
                                password_epoch,
                                ..sample::session(number)
                            })]
                        }),
                    };
                    decide(&store, id, rule).await
                }
            })?;
            let now = adapter.prove(state(&store, id))?;
            promise!(
                now.sessions.is_empty(),
                "a session that was opened with the old password outlives the change of the password: {} in round {round}",
                now.sessions.len()
            );
            same!(
                now.account.password_epoch,
                PasswordEpoch(i64::try_from(round).unwrap_or(0) + 1),
                "each change raises the epoch once"
            );
        }
        Ok(())
    })
}

pub(crate) fn one_address_goes_to_one_account(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let answers = at_once(adapter, fresh, 10, |actor, store| async move {
            let mut account = sample::new_account(u64::try_from(actor).unwrap_or(0) + 1);
            account.email = sample::email(77);
            Ok(store.register(&account, &[]).await)
        })?;
        winners(
            &answers,
            UniqueKey::Email,
            "of ten who register with one address at once, one succeeds, and nine are told that it is taken",
        )
    })
}

pub(crate) fn one_address_is_set_on_one_account(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let mut ids = Vec::new();
        for n in 1..=10 {
            ids.push(adapter.prove(registered(&store, n))?);
        }
        let answers = at_once(adapter, fresh, 10, |actor, store| {
            let id = ids.get(actor).copied();
            async move {
                let id = id.ok_or_else(|| Broken::new("there is no such account"))?;
                let change = Change::SetEmail { email: sample::email(77), verified_at: None };
                let seen = state(&store, id).await?;
                Ok(store.commit(&seen.commit(vec![change])).await)
            }
        })?;
        winners(
            &answers,
            UniqueKey::Email,
            "of ten accounts that take one address at once, one succeeds, and nine are told that it is taken",
        )
    })
}

pub(crate) fn one_identifier_goes_to_one_account(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let answers = at_once(adapter, fresh, 10, |actor, store| async move {
            let account = sample::new_account(u64::try_from(actor).unwrap_or(0) + 1);
            Ok(store.register(&account, &[Change::AddApiKey(sample::api_key(77))]).await)
        })?;
        winners(
            &answers,
            UniqueKey::ApiKeyIdentifier,
            "of ten accounts with one key's identifier, one succeeds",
        )
    })
}

fn winners<T: std::fmt::Debug>(answers: &[Result<T, StoreError>], key: UniqueKey, words: &str) -> Proven {
    let told =
        |answer: &&Result<T, StoreError>| matches!(answer, Err(StoreError::Taken(found)) if *found == key);
    let (won, lost) =
        (answers.iter().filter(|answer| answer.is_ok()).count(), answers.iter().filter(told).count());
    promise!((won, lost) == (1, answers.len() - 1), "{words}\n  answered: {answers:?}");
    Ok(())
}

pub(crate) fn one_step_is_accepted_once(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let factor = [Change::SetTwoFactor(Some(sample::two_factor(1)))];
        let id = adapter.prove(registered_with(&store, 1, &factor))?;
        let step = TotpStep(sample::two_factor(1).last_step.0 + 1);
        let accepted = at_once(adapter, fresh, 32, |_, store| async move {
            let rule = |seen: &AccountState| {
                let later = seen.two_factor.as_ref().is_some_and(|factor| factor.last_step < step);
                later.then(|| vec![Change::SetTotpStep(step)])
            };
            decide(&store, id, rule).await
        })?;
        same!(
            accepted.iter().flatten().count(),
            1,
            "of 32 who use one time-based code at once, one succeeds"
        );
        Ok(())
    })
}

pub(crate) fn two_factor_is_enabled_once(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let pending = [Change::SetPendingTwoFactor(Some(sample::pending_two_factor(1)))];
        let id = adapter.prove(registered_with(&store, 1, &pending))?;
        let enabled = at_once(adapter, fresh, 8, |actor, store| async move {
            let number = u64::try_from(actor).unwrap_or(0) + 1;
            let rule = |seen: &AccountState| {
                seen.pending_two_factor.as_ref().map(|_| {
                    vec![
                        Change::SetPendingTwoFactor(None),
                        Change::SetTwoFactor(Some(sample::two_factor(number))),
                        Change::ReplaceRecoveryCodes(sample::recovery_codes(number, 10)),
                    ]
                })
            };
            Ok(decide(&store, id, rule).await?.map(|_| number))
        })?;
        let winners: Vec<u64> = enabled.into_iter().flatten().collect();
        same!(winners.len(), 1, "of eight who enable two-factor at once, one succeeds");
        let now = adapter.prove(state(&store, id))?;
        let winner = winners.first().copied().unwrap_or(0);
        same!(
            now.recovery_codes,
            sample::recovery_codes(winner, 10),
            "the codes shown to the one who enabled it are those that count"
        );
        same!(now.two_factor, Some(sample::two_factor(winner)), "the factor that counts is the winner's");
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

pub(crate) fn nobody_sees_half_a_commit(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let id = adapter.prove(registered_with(&store, 1, &[Change::OpenSession(sample::session(1))]))?;
        at_once(adapter, fresh, 4, |actor, store| async move {
            for turn in 1..=40i64 {
                if actor == 0 {
                    // In one commit: epoch, session, a key for each odd epoch, a code for each epoch.
                    let rule = |seen: &AccountState| {
                        let epoch = seen.account.password_epoch.next();
                        let key = if epoch.0 % 2 == 0 {
                            Change::AddApiKey(sample::api_key(1))
                        } else {
                            Change::RemoveApiKey(sample::identifier(1))
                        };
                        Some(vec![
                            Change::SetPasswordEpoch(epoch),
                            Change::EndSession(sample::session_id(1)),
                            Change::OpenSession(StoredSession {
                                password_epoch: epoch,
                                ..sample::session(1)
                            }),
                            key,
                        ])
                    };
                    decide(&store, id, rule).await?;
                } else if (turn + i64::from(actor == 2)) % 2 == 0 {
                    let seen = state(&store, id).await?;
                    let epochs: Vec<_> = seen.sessions.iter().map(|session| session.password_epoch).collect();
                    same!(
                        epochs,
                        [seen.account.password_epoch],
                        "`state` is one snapshot: it showed half a commit"
                    );
                    let key = seen.account.password_epoch.0 % 2 == 0;
                    same!(
                        seen.api_keys.len(),
                        usize::from(key),
                        "`state` is one snapshot: it showed half a commit"
                    );
                } else {
                    let found = store.session(&sample::session_token(1)).await?;
                    let epochs =
                        found.map(|(session, account)| (session.password_epoch, account.password_epoch));
                    promise!(
                        epochs.is_some_and(|(one, other)| one == other),
                        "`session` gives session and account in one read: it showed half a commit, {epochs:?}"
                    );
                }
            }
            Ok(())
        })?;
        Ok(())
    })
}

pub(crate) fn nothing_is_added_to_an_account_that_is_being_deleted(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        for round in 1..=15u64 {
            let id = adapter.prove(registered(&store, round))?;
            at_once(adapter, fresh, 4, |actor, store| async move {
                let number = round * 10 + u64::try_from(actor).unwrap_or(0);
                let rule = |_: &AccountState| match actor {
                    0 => Some(vec![Change::DeleteAccount]),
                    _ => Some(vec![
                        Change::OpenSession(sample::session(number)),
                        Change::AddApiKey(sample::api_key(number)),
                    ]),
                };
                decide(&store, id, rule).await
            })?;
            adapter.prove(async {
                promise!(store.account(id).await?.is_none(), "an account that was deleted is there again");
                for number in round * 10..round * 10 + 4 {
                    promise!(
                        store.session(&sample::session_token(number)).await?.is_none()
                            && store.api_key(&sample::identifier(number)).await?.is_none(),
                        "a session or key was added to an account while it was deleted, and outlived it"
                    );
                }
                Ok(())
            })?;
        }
        Ok(())
    })
}
