//! What is written without a commit: last uses, and the sweep. Neither raises a revision.

use account_core::id::AccountUid;
use account_core::mail::MailTokenPurpose;
use account_core::store::{AccountState, Expired, Observation};
use account_core::time::Timestamp;

use super::model::Model;
use super::names::Name;

/// Takes away up to `limit` items; answers how many.
pub(crate) fn sweep<T>(list: &mut Vec<T>, limit: usize, is_expired: impl Fn(&T) -> bool) -> usize {
    let mut gone = 0usize;
    list.retain(|item| {
        let goes = gone < limit && is_expired(item);
        gone = gone.saturating_add(usize::from(goes));
        !goes
    });
    gone
}

impl Model {
    /// Notes last uses: forwards only, on rows that exist, never on a session that has idled out.
    pub fn observe(&mut self, seen: &[Observation]) {
        for item in seen {
            match item {
                Observation::ApiKeyUsed { account, identifier, at } => {
                    let key = self
                        .row_of_uid(*account)
                        .and_then(|row| row.api_keys.iter_mut().find(|key| key.identifier == *identifier));
                    if let Some(key) = key {
                        key.last_used_at = key.last_used_at.max(Some(*at));
                    }
                }
                Observation::SessionSeen { account, session, at, if_seen_since } => {
                    let session = self
                        .row_of_uid(*account)
                        .and_then(|row| row.sessions.iter_mut().find(|other| other.id == *session));
                    if let Some(session) = session.filter(|session| session.last_seen_at >= *if_seen_since) {
                        session.last_seen_at = session.last_seen_at.max(*at);
                    }
                }
            }
        }
    }

    fn row_of_uid(&mut self, uid: AccountUid) -> Option<&mut AccountState> {
        let id = self.names.owner(&Name::Uid(uid))?;
        self.accounts.get_mut(&id)
    }

    /// Takes away up to `limit` expired rows of each kind; answers how many in all.
    pub fn purge(&mut self, expired: &Expired, limit: u32) -> u64 {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let of_kind = [
            self.purge_rows(limit, |row, most| {
                sweep(&mut row.sessions, most, |session| {
                    session.last_seen_at < expired.sessions_seen_before
                        || session.created_at < expired.sessions_created_before
                })
            }),
            self.purge_rows(limit, |row, most| {
                let cut = expired.pending_sign_ins_before;
                sweep(&mut row.pending_sign_ins, most, |pending| pending.created_at < cut)
            }),
            self.purge_rows(limit, |row, most| {
                let cut = expired.pending_two_factor_before;
                let is_old = row.pending_two_factor.as_ref().is_some_and(|pending| pending.made_at < cut);
                if most > 0 && is_old {
                    row.pending_two_factor = None;
                }
                usize::from(most > 0 && is_old)
            }),
            self.purge_mail_tokens(limit, MailTokenPurpose::PasswordReset, expired.reset_tokens_before),
            self.purge_mail_tokens(
                limit,
                MailTokenPurpose::EmailVerification,
                expired.verification_tokens_before,
            ),
            self.outbox.purge(expired.mail_before, limit),
            self.trail.purge(expired.activity_before, limit),
        ];
        of_kind.into_iter().map(|gone| u64::try_from(gone).unwrap_or(u64::MAX)).fold(0, u64::saturating_add)
    }

    fn purge_mail_tokens(&mut self, limit: usize, purpose: MailTokenPurpose, cut: Timestamp) -> usize {
        self.purge_rows(limit, |row, most| {
            sweep(&mut row.mail_tokens, most, |token| token.purpose == purpose && token.created_at < cut)
        })
    }

    fn purge_rows(&mut self, limit: usize, sweep: impl Fn(&mut AccountState, usize) -> usize) -> usize {
        let mut left = limit;
        for row in self.accounts.values_mut() {
            let before = row.clone();
            let gone = sweep(row, left);
            if gone > 0 {
                left = left.saturating_sub(gone);
                self.names.replace(Some(&before), Some(row));
            }
        }
        limit.saturating_sub(left)
    }
}
