//! The sweep of what has expired. Correctness never rests on it (REL-17), so its parts are
//! transactions of their own, and rows that others hold are passed over.

use account_core::mail::MailTokenPurpose;
use account_core::store::{Expired, StoreResult};
use account_core::time::Timestamp;

use crate::statement::Draft;
use crate::store::PostgresStore;

macro_rules! sweep {
    ($table:literal, $time:literal) => {
        sweep!($table, $time, "")
    };
    ($table:literal, $time:literal, $also:literal) => {
        concat!(
            "WITH expired AS MATERIALIZED (SELECT number FROM ",
            $table,
            " WHERE ",
            $also,
            $time,
            " < $1 ORDER BY ",
            $time,
            " LIMIT $2 FOR UPDATE SKIP LOCKED), gone AS (DELETE FROM ",
            $table,
            " USING expired WHERE ",
            $table,
            ".number = expired.number RETURNING 1) SELECT count(*) FROM gone"
        )
    };
}

statements! {
    SESSIONS_IDLE = sweep!("session", "last_seen_at");
    SESSIONS_OLD = sweep!("session", "created_at");
    PENDING_SIGN_INS = sweep!("pending_sign_in", "created_at");
    // A secret that was made anew meanwhile is looked at again, and stays.
    PENDING_TWO_FACTOR = "WITH expired AS MATERIALIZED (SELECT id FROM account
              WHERE pending_two_factor_made_at < $1 ORDER BY pending_two_factor_made_at LIMIT $2
                FOR UPDATE SKIP LOCKED),
         gone AS (UPDATE account SET pending_two_factor_made_at = NULL, pending_two_factor_secret = NULL
               FROM expired WHERE account.id = expired.id AND account.pending_two_factor_made_at < $1 RETURNING 1)
         SELECT count(*) FROM gone";
    MAIL_TOKENS = sweep!("mail_token", "created_at", "purpose = $3 AND ");
    MAIL = sweep!("mail", "created_at");
    ACTIVITY = sweep!("activity", "at");
}

/// Takes away up to `limit` expired rows of each kind; answers how many in all.
pub(crate) async fn purge(store: &PostgresStore, expired: &Expired, limit: u32) -> StoreResult<u64> {
    let sweep = |text: &'static str, before: Timestamp, limit: u64| {
        Draft::of(text).with(before.as_millis()).with(i64::try_from(limit).unwrap_or(i64::MAX))
    };
    let most = u64::from(limit);
    let idle = store.count(sweep(SESSIONS_IDLE, expired.sessions_seen_before, most)).await?;
    let left = most.saturating_sub(idle);
    let tokens = |purpose: MailTokenPurpose, before| sweep(MAIL_TOKENS, before, most).with(purpose.as_str());
    let mut gone = idle;
    for part in [
        sweep(SESSIONS_OLD, expired.sessions_created_before, left),
        sweep(PENDING_SIGN_INS, expired.pending_sign_ins_before, most),
        sweep(PENDING_TWO_FACTOR, expired.pending_two_factor_before, most),
        tokens(MailTokenPurpose::PasswordReset, expired.reset_tokens_before),
        tokens(MailTokenPurpose::EmailVerification, expired.verification_tokens_before),
        sweep(MAIL, expired.mail_before, most),
        sweep(ACTIVITY, expired.activity_before, most),
    ] {
        gone = gone.saturating_add(store.count(part).await?);
    }
    Ok(gone)
}
