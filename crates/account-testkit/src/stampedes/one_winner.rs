//! Where exactly one may succeed.

use account_core::store::{AccountState, Change, StoreError, UniqueKey};
use account_core::two_factor::TotpStep;

use super::on_a_fresh_store;
use crate::adapter::Adapter;
use crate::broken::{Broken, Proven, promise, same};
use crate::cases::given::{registered, registered_with, state, trail};
use crate::crowd::{at_once, decide};
use crate::sample;

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

pub(crate) fn an_empty_store_takes_one_of_many_keyrings(adapter: &Adapter) -> Proven {
    on_a_fresh_store(adapter, |fresh| {
        let store = fresh.store()?;
        at_once(adapter, fresh, 16, |actor, store| async move {
            let own = sample::key_check(u64::try_from(actor).unwrap_or(0) + 1);
            store.add_key_check(&own, std::slice::from_ref(&own)).await?;
            Ok(())
        })?;
        let recorded = adapter.prove(async { Ok(store.key_checks().await?.len()) })?;
        same!(recorded, 1, "of 16 different keyrings that come to an empty store at once, one is recorded");
        Ok(())
    })
}
