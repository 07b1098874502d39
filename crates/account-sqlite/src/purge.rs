//! The sweep of what has expired. Correctness never rests on it (REL-17).

use account_core::mail::MailTokenPurpose;
use account_core::store::Expired;
use rusqlite::{Connection, ToSql, params};

use crate::failure::Failure;

statements! {
    SESSIONS_IDLE = "DELETE FROM session WHERE number IN
        (SELECT number FROM session WHERE last_seen_at < ?1 ORDER BY last_seen_at LIMIT ?2)";
    SESSIONS_OLD = "DELETE FROM session WHERE number IN
        (SELECT number FROM session WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    PENDING_SIGN_INS = "DELETE FROM pending_sign_in WHERE number IN
        (SELECT number FROM pending_sign_in WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    PENDING_TWO_FACTOR = "UPDATE account SET pending_two_factor_made_at = NULL, pending_two_factor_secret = NULL
        WHERE id IN (SELECT id FROM account
                      WHERE pending_two_factor_made_at < ?1 ORDER BY pending_two_factor_made_at LIMIT ?2)";
    MAIL_TOKENS = "DELETE FROM mail_token WHERE number IN
        (SELECT number FROM mail_token WHERE purpose = ?3 AND created_at < ?1 ORDER BY created_at LIMIT ?2)";
    MAIL = "DELETE FROM mail WHERE number IN
        (SELECT number FROM mail WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)";
    ACTIVITY = "DELETE FROM activity WHERE number IN
        (SELECT number FROM activity WHERE at < ?1 ORDER BY at LIMIT ?2)";
}

/// Takes away up to `limit` expired rows of each kind; answers how many in all.
pub(crate) fn purge(connection: &Connection, expired: &Expired, limit: u32) -> Result<u64, Failure> {
    let sweep = |statement: &str, parameters: &[&dyn ToSql]| -> Result<u64, Failure> {
        let gone = connection.prepare_cached(statement)?.execute(parameters)?;
        Ok(u64::try_from(gone).unwrap_or(u64::MAX))
    };
    let idle = sweep(SESSIONS_IDLE, params![expired.sessions_seen_before.as_millis(), limit])?;
    let left = u64::from(limit).saturating_sub(idle);
    let left = u32::try_from(left).unwrap_or(limit);
    let tokens =
        |purpose: MailTokenPurpose, before: i64| sweep(MAIL_TOKENS, params![before, limit, purpose.as_str()]);
    Ok([
        idle,
        sweep(SESSIONS_OLD, params![expired.sessions_created_before.as_millis(), left])?,
        sweep(PENDING_SIGN_INS, params![expired.pending_sign_ins_before.as_millis(), limit])?,
        sweep(PENDING_TWO_FACTOR, params![expired.pending_two_factor_before.as_millis(), limit])?,
        tokens(MailTokenPurpose::PasswordReset, expired.reset_tokens_before.as_millis())?,
        tokens(MailTokenPurpose::EmailVerification, expired.verification_tokens_before.as_millis())?,
        sweep(MAIL, params![expired.mail_before.as_millis(), limit])?,
        sweep(ACTIVITY, params![expired.activity_before.as_millis(), limit])?,
    ]
    .into_iter()
    .fold(0, u64::saturating_add))
}
