//! What is written without a commit: last uses, and the sweep. Neither raises a revision, for nobody
//! decides by them.

use account_core::api_key::StoredApiKey;
use account_core::mail::{MailToken, MailTokenPurpose};
use account_core::session::StoredSession;
use account_core::sign_in::PendingSignIn;
use account_core::store::{Expired, Observation};
use redb::WriteTransaction;

use super::failure::Failure;
use super::{account, activity, api_key, hanging, mail, session};

/// Notes uses: forwards only, on rows that exist, never on a session that has idled out.
pub(super) fn observe(transaction: &WriteTransaction, seen: &[Observation]) -> Result<(), Failure> {
    for item in seen {
        match note(transaction, item) {
            // A row that cannot be read is an alarm for whoever reads it, and no reason to lose the others.
            Ok(()) | Err(Failure::Verdict(_)) => {}
            Err(database) => return Err(database),
        }
    }
    Ok(())
}

fn note(transaction: &WriteTransaction, item: &Observation) -> Result<(), Failure> {
    match item {
        Observation::ApiKeyUsed { account, identifier, at } => {
            let Some(owner) = account::by_uid(transaction, *account)? else { return Ok(()) };
            hanging::change::<StoredApiKey>(transaction, owner, &api_key::name(identifier), |key| {
                key.last_used_at = key.last_used_at.max(Some(*at));
            })
        }
        Observation::SessionSeen { account, session, at, if_seen_since } => {
            let Some(owner) = account::by_uid(transaction, *account)? else { return Ok(()) };
            hanging::change::<StoredSession>(transaction, owner, &session::name(*session), |session| {
                if session.last_seen_at >= *if_seen_since {
                    session.last_seen_at = session.last_seen_at.max(*at);
                }
            })
        }
    }
}

/// Takes up to `limit` rows of each kind away; answers how many in all.
pub(super) fn purge(transaction: &WriteTransaction, expired: &Expired, limit: u32) -> Result<u64, Failure> {
    let of_purpose = |purpose, cut| {
        hanging::sweep::<MailToken>(transaction, limit, move |token| {
            token.purpose == purpose && token.created_at < cut
        })
    };
    let gone = [
        hanging::sweep::<StoredSession>(transaction, limit, |session| {
            session.last_seen_at < expired.sessions_seen_before
                || session.created_at < expired.sessions_created_before
        })?,
        hanging::sweep::<PendingSignIn>(transaction, limit, |pending| {
            pending.created_at < expired.pending_sign_ins_before
        })?,
        account::sweep_pending_two_factor(transaction, expired.pending_two_factor_before, limit)?,
        of_purpose(MailTokenPurpose::PasswordReset, expired.reset_tokens_before)?,
        of_purpose(MailTokenPurpose::EmailVerification, expired.verification_tokens_before)?,
        mail::sweep(transaction, expired.mail_before, limit)?,
        activity::sweep(transaction, expired.activity_before, limit)?,
    ];
    Ok(gone.into_iter().fold(0, u64::saturating_add))
}
