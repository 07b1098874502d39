//! Mail that waits, in the order it was queued.

use account_core::id::{AccountUid, Digest, MailId};
use account_core::mail::QueuedMail;
use account_core::time::Timestamp;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Outbox(Vec<QueuedMail>);

impl Outbox {
    pub(crate) fn has(&self, id: MailId) -> bool {
        self.0.iter().any(|mail| mail.id == id)
    }

    pub(crate) fn add(&mut self, mail: &QueuedMail) {
        self.0.push(mail.clone());
    }

    pub(crate) fn remove(&mut self, id: MailId) {
        self.0.retain(|mail| mail.id != id);
    }

    /// As part of a commit: of this account's mail, or of mail that is nobody's yet.
    pub(crate) fn withdraw(&mut self, owner: AccountUid, is_meant: impl Fn(&QueuedMail) -> bool) {
        self.0.retain(|mail| !(is_meant(mail) && mail.account.is_none_or(|account| account == owner)));
    }

    pub(crate) fn withdraw_token(&mut self, owner: AccountUid, token: Digest) {
        self.withdraw(owner, |mail| mail.token == Some(token));
    }

    pub(crate) fn remove_all_of(&mut self, owner: AccountUid) {
        self.0.retain(|mail| mail.account != Some(owner));
    }

    pub(crate) fn claim(&mut self, now: Timestamp, until: Timestamp, limit: usize) -> Vec<QueuedMail> {
        let mut due: Vec<&mut QueuedMail> = self.0.iter_mut().filter(|mail| mail.due_at <= now).collect();
        due.sort_by_key(|mail| mail.due_at);
        due.into_iter()
            .take(limit)
            .map(|mail| {
                mail.attempts = mail.attempts.saturating_add(1);
                mail.due_at = until;
                mail.clone()
            })
            .collect()
    }

    pub(crate) fn postpone(&mut self, id: MailId, due_at: Timestamp) {
        self.0.iter_mut().filter(|mail| mail.id == id).for_each(|mail| mail.due_at = due_at);
    }

    /// Takes away up to `limit` mails that were queued before `cut`.
    pub(crate) fn purge(&mut self, cut: Timestamp, limit: usize) -> usize {
        super::upkeep::sweep(&mut self.0, limit, |mail| mail.created_at < cut)
    }

    pub(crate) fn all(&self) -> &[QueuedMail] {
        &self.0
    }
}
