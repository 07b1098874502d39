//! Where nothing may be seen, or stay, that belongs to a state that is over.

use account_core::id::PasswordEpoch;
use account_core::session::StoredSession;
use account_core::store::{AccountState, Change};
use futures_util::future::join_all;

use super::on_a_fresh_store;
use crate::adapter::Adapter;
use crate::broken::{Proven, promise, same};
use crate::cases::given::{registered, registered_with, state};
use crate::crowd::{at_once, decide};
use crate::sample;

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

/// For stores that let look-ups share an answer.
pub(crate) fn who_comes_after_a_commit_sees_it_whoever_asks_beside(adapter: &Adapter) -> Proven {
    const OWNERS: u64 = 3;
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        let ids: Vec<_> =
            (1..=OWNERS).map(|number| adapter.prove(registered(&store, number))).collect::<Result<_, _>>()?;
        let ids = &ids;
        at_once(adapter, fresh, 6, |actor, store| async move {
            let number = u64::try_from(actor).unwrap_or(0) + 1;
            let Some(&id) = ids.get(actor) else {
                for _ in 0..80 {
                    for number in 1..=OWNERS {
                        store.api_key(&sample::identifier(number)).await?;
                        store.session(&sample::session_token(number)).await?;
                    }
                }
                return Ok(());
            };
            for turn in 0..30 {
                let there = turn % 2 == 0;
                let rule = |_: &AccountState| {
                    Some(if there {
                        vec![
                            Change::AddApiKey(sample::api_key(number)),
                            Change::OpenSession(sample::session(number)),
                        ]
                    } else {
                        vec![
                            Change::RemoveApiKey(sample::identifier(number)),
                            Change::EndSession(sample::session_id(number)),
                        ]
                    })
                };
                decide(&store, id, rule).await?;
                let (identifier, token) = (sample::identifier(number), sample::session_token(number));
                let keys = join_all((0..4).map(|_| store.api_key(&identifier))).await;
                let sessions = join_all((0..4).map(|_| store.session(&token))).await;
                for found in keys {
                    same!(found?.is_some(), there, "who looks for a key after a commit sees the commit");
                }
                for found in sessions {
                    same!(found?.is_some(), there, "who looks for a session after a commit sees the commit");
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
