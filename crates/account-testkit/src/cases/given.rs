//! The steps that cases have in common.

use account_core::activity::{ActivityPage, ActivityQuery};
use account_core::id::{AccountId, AccountUid, Revision};
use account_core::mail::QueuedMail;
use account_core::store::{AccountState, Change, Expired, StoreResult};
use account_core::time::Timestamp;

use crate::adapter::Store;
use crate::broken::{Broken, Proven};
use crate::sample;

/// A time before all others.
pub(crate) const NEVER: Timestamp = Timestamp::from_millis(i64::MIN / 4);
/// A time after all others.
pub(crate) const FOREVER: Timestamp = Timestamp::from_millis(i64::MAX / 4);

/// Registers the sample account of this number.
pub(crate) async fn registered(store: &Store, n: u64) -> Result<AccountId, Broken> {
    Ok(store.register(&sample::new_account(n), &[]).await?)
}

/// Registers the sample account of this number, and applies changes to it.
pub(crate) async fn registered_with(store: &Store, n: u64, changes: &[Change]) -> Result<AccountId, Broken> {
    Ok(store.register(&sample::new_account(n), changes).await?)
}

/// The state of an account that is there.
pub(crate) async fn state(store: &Store, id: AccountId) -> Result<AccountState, Broken> {
    let found = store.state(id).await?;
    found.ok_or_else(|| Broken::new(format!("account {id} must be there: `state` answered None")))
}

/// Commits to the account as it stands, whatever comes of it.
pub(crate) async fn try_commit(
    store: &Store,
    id: AccountId,
    changes: Vec<Change>,
) -> Result<StoreResult<Revision>, Broken> {
    let seen = state(store, id).await?;
    Ok(store.commit(&seen.commit(changes)).await)
}

/// Commits to the account as it stands, which must succeed.
pub(crate) async fn commit(store: &Store, id: AccountId, changes: Vec<Change>) -> Result<Revision, Broken> {
    let names = format!("{changes:?}");
    try_commit(store, id, changes).await?.map_err(|error| {
        Broken::new(format!(
            "a commit at the revision that was just read must succeed: {error:?}\n  changes: {names}"
        ))
    })
}

/// All audit entries of an account, oldest first.
pub(crate) async fn trail(store: &Store, subject: AccountUid) -> Result<ActivityPage, Broken> {
    let query = ActivityQuery { subject, events: None, newest_first: false, offset: 0, limit: 1000 };
    Ok(store.activities(&query).await?)
}

/// All mail that waits, which is then leased for ever.
pub(crate) async fn outbox(store: &Store) -> Result<Vec<QueuedMail>, Broken> {
    Ok(store.claim_mail(FOREVER, FOREVER, 1000).await?)
}

/// Cut-offs before which nothing lies.
pub(crate) fn nothing_expired() -> Expired {
    Expired {
        sessions_seen_before: NEVER,
        sessions_created_before: NEVER,
        pending_sign_ins_before: NEVER,
        pending_two_factor_before: NEVER,
        reset_tokens_before: NEVER,
        verification_tokens_before: NEVER,
        mail_before: NEVER,
        activity_before: NEVER,
    }
}

/// The account must be exactly as it was.
pub(crate) async fn unchanged(store: &Store, before: &AccountState, words: &str) -> Proven {
    let now = store.state(before.account.id).await?;
    match crate::differences::between(Some(before), now.as_ref()) {
        None => Ok(()),
        Some(difference) => Err(Broken::new(format!("{words}\n  {difference}"))),
    }
}
