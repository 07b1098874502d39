//! The second factor and its recovery codes.

use account_core::store::Change;
use account_core::two_factor::TotpStep;

use super::given::{commit, registered, registered_with, state};
use crate::adapter::Store;
use crate::broken::{Proven, promise, same};
use crate::sample;

pub(crate) async fn a_pending_secret_never_touches_the_active_one(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetTwoFactor(Some(sample::two_factor(1)))]).await?;
    commit(&store, id, vec![Change::SetPendingTwoFactor(Some(sample::pending_two_factor(2)))]).await?;
    let now = state(&store, id).await?;
    same!(now.two_factor, Some(sample::two_factor(1)), "the active factor stays while another is set up");
    same!(
        now.pending_two_factor,
        Some(sample::pending_two_factor(2)),
        "the pending factor is kept beside it"
    );
    commit(&store, id, vec![Change::SetPendingTwoFactor(None)]).await?;
    let now = state(&store, id).await?;
    same!(now.two_factor, Some(sample::two_factor(1)), "clearing the pending factor leaves the active one");
    same!(now.pending_two_factor, None, "the pending factor is cleared");
    Ok(())
}

pub(crate) async fn whether_a_factor_is_on_shows_in_every_read(store: Store) -> Proven {
    let rows = [Change::AddApiKey(sample::api_key(1)), Change::OpenSession(sample::session(1))];
    let id = registered_with(&store, 1, &rows).await?;
    for factor in [None, Some(sample::two_factor(1)), None] {
        let on = factor.is_some();
        commit(&store, id, vec![Change::SetTwoFactor(factor)]).await?;
        let seen = [
            store.account(id).await?,
            Some(state(&store, id).await?.account),
            store.api_key(&sample::identifier(1)).await?.map(|(_, account)| account),
            store.session(&sample::session_token(1)).await?.map(|(_, account)| account),
            store.accounts(None, 1).await?.into_iter().next(),
        ];
        let seen = seen.map(|account| account.map(|account| account.two_factor));
        same!(seen, [Some(on); 5], "`Account::two_factor` tells in every read whether a factor is on");
    }
    Ok(())
}

pub(crate) async fn a_pending_factor_is_not_on(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetPendingTwoFactor(Some(sample::pending_two_factor(1)))]).await?;
    promise!(!state(&store, id).await?.account.two_factor, "a factor that is only being set up is not on");
    Ok(())
}

pub(crate) async fn a_step_moves_the_step_alone(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetTwoFactor(Some(sample::two_factor(1)))]).await?;
    for step in [1, u64::from(u32::MAX) + 1, 9_223_372_036_854_775_807] {
        commit(&store, id, vec![Change::SetTotpStep(TotpStep(step))]).await?;
        let mut expected = sample::two_factor(1);
        expected.last_step = TotpStep(step);
        same!(
            state(&store, id).await?.two_factor,
            Some(expected),
            "the last accepted step is stored as given, and nothing else of the factor changes"
        );
    }
    Ok(())
}

pub(crate) async fn a_step_without_a_factor_turns_none_on(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::SetTotpStep(TotpStep(7))]).await?;
    let now = state(&store, id).await?;
    promise!(
        now.two_factor.is_none() && !now.account.two_factor,
        "a step makes no factor where there is none"
    );
    Ok(())
}

pub(crate) async fn recovery_codes_come_by_position(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    let mut mixed = sample::recovery_codes(1, 10);
    mixed.reverse();
    mixed.swap(2, 7);
    commit(&store, id, vec![Change::ReplaceRecoveryCodes(mixed)]).await?;
    same!(
        state(&store, id).await?.recovery_codes,
        sample::recovery_codes(1, 10),
        "recovery codes come by position"
    );
    Ok(())
}

pub(crate) async fn new_recovery_codes_replace_all_old_ones(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 10))]).await?;
    commit(&store, id, vec![Change::ReplaceRecoveryCodes(sample::recovery_codes(2, 4))]).await?;
    same!(
        state(&store, id).await?.recovery_codes,
        sample::recovery_codes(2, 4),
        "new codes replace all old ones"
    );
    commit(&store, id, vec![Change::ReplaceRecoveryCodes(Vec::new())]).await?;
    same!(state(&store, id).await?.recovery_codes, [], "an empty set takes all codes away");
    Ok(())
}

pub(crate) async fn spending_a_code_takes_that_one_alone(store: Store) -> Proven {
    let id = registered(&store, 1).await?;
    commit(&store, id, vec![Change::ReplaceRecoveryCodes(sample::recovery_codes(1, 4))]).await?;
    let spend = |set, position| vec![Change::SpendRecoveryCode { set: sample::recovery_set(set), position }];
    commit(&store, id, spend(1, 2)).await?;
    let left = |codes: Vec<account_core::two_factor::StoredRecoveryCode>| -> Vec<u8> {
        codes.iter().map(|code| code.position).collect()
    };
    same!(left(state(&store, id).await?.recovery_codes), [0, 1, 3], "a spent code is gone, and no other");
    commit(&store, id, spend(2, 1)).await?;
    same!(
        left(state(&store, id).await?.recovery_codes),
        [0, 1, 3],
        "a code of another set, at the same position, is not spent"
    );
    Ok(())
}
