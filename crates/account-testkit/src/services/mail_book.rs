//! Every mail that was queued, from its commit until it is handed on or no longer wanted: none is handed
//! on that nothing standing called for, and none is taken out of the outbox that nobody was handed.

use std::collections::{BTreeMap, BTreeSet};

use account_core::id::{AccountUid, Digest, MailId};
use account_core::mail::{MailTokenPurpose, QueuedMail};
use account_core::ports::keyring::{Keyring, Purpose};
use account_core::store::{Change, Commit, Expired};
use account_core::time::Timestamp;
use serde_json::Value;

use super::request::Request;
use super::watch::Seen;

/// A mail in the outbox.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    account: Option<AccountUid>,
    token: Option<Digest>,
    created_at: Timestamp,
    /// Nobody need be handed it: a request that the worker answers, or one that lost its reason.
    may_go: bool,
}

/// What is known of all mail.
#[derive(Debug, Default)]
pub(crate) struct MailBook {
    waiting: BTreeMap<MailId, Waiting>,
    /// Everything that was ever queued by what stands.
    queued: BTreeSet<MailId>,
    /// Handed on, or refused for good.
    done: BTreeSet<MailId>,
}

impl MailBook {
    fn queue(&mut self, mail: &QueuedMail, may_go: bool) {
        let QueuedMail { id, account, token, created_at, .. } = *mail;
        self.queued.insert(id);
        self.waiting.insert(id, Waiting { account, token, created_at, may_go });
    }

    /// A commit took effect.
    pub(super) fn committed(&mut self, commit: &Commit) {
        for change in &commit.changes {
            match change {
                Change::Send(mail) => self.queue(mail, false),
                Change::WithdrawMail(token) => self.waiting.retain(|_, mail| mail.token != Some(*token)),
                Change::RemoveMail(id) => drop(self.waiting.remove(id)),
                Change::DeleteAccount => {
                    let its = self.waiting.values_mut().filter(|mail| mail.account == Some(commit.uid));
                    its.for_each(|mail| mail.may_go = true);
                }
                _ => {}
            }
        }
    }

    fn purged(&mut self, expired: &Expired) {
        let old = self.waiting.values_mut().filter(|mail| mail.created_at < expired.mail_before);
        old.for_each(|mail| mail.may_go = true);
    }

    /// How many mails wait that somebody must be handed.
    fn owed(&self) -> usize {
        self.waiting.iter().filter(|(id, mail)| !mail.may_go && !self.done.contains(id)).count()
    }
}

/// What a letter says of itself: its kind, its notice, and whom it is to.
fn opened(keyring: &Keyring, mail: &QueuedMail) -> Option<(String, String, String)> {
    let text = keyring.open(Purpose::Mail, &[mail.id.as_bytes()], &mail.letter).ok()?;
    let letter: Value = serde_json::from_slice(&text).ok()?;
    let field = |name: &str| letter.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some((field("kind"), field("notice"), field("to")))
}

impl Seen {
    /// A mail was queued outside of any commit.
    pub(super) fn witness_queued(&mut self, mail: &QueuedMail) -> Result<(), String> {
        let (kind, notice, to) = opened(&self.keyring, mail).ok_or("a letter that does not open")?;
        let request = self.flight().map(|flight| flight.request.clone());
        let is_request = match (&request, kind.as_str(), notice.as_str()) {
            (Some(Request::AskForReset { .. }), "reset-request", _)
            | (Some(Request::AskForVerification { .. }), "verify-request", _) => true,
            (
                Some(Request::SecondFactor { .. } | Request::SignInWithBoth { .. }),
                "notice",
                "second-factor-guessed",
            ) => {
                let sent = self
                    .sent
                    .entry((to.to_ascii_lowercase(), "Notice(SecondFactorGuessed)".to_owned()))
                    .or_default();
                *sent = sent.saturating_add(1);
                false
            }
            _ => return Err(format!("{request:?}\n  queued a {kind} {notice} outside of any commit")),
        };
        self.mails.queue(mail, is_request);
        Ok(())
    }

    /// A mail was taken out of the outbox.
    pub(super) fn witness_removed(&mut self, id: MailId) -> Result<(), String> {
        let Some(mail) = self.mails.waiting.remove(&id) else { return Ok(()) };
        if mail.may_go || self.mails.done.contains(&id) || mail.token.is_some_and(|t| self.was_dead(t, mail))
        {
            return Ok(());
        }
        Err(format!("the mail {id} was taken out of the outbox, and nobody was handed it"))
    }

    /// Whether a mailed token served nothing at some moment of the current request.
    fn was_dead(&self, token: Digest, mail: Waiting) -> bool {
        self.moments().into_iter().any(|(town, at)| {
            let mut all = town.people().flat_map(|person| &person.mailed);
            let lives = all.find(|mailed| mailed.token == Some(token)).is_some_and(|mailed| {
                let lifetimes = &town.policy().lifetimes;
                let lifetime = match mailed.purpose {
                    MailTokenPurpose::PasswordReset => lifetimes.reset_token,
                    MailTokenPurpose::EmailVerification => lifetimes.verification_token,
                };
                mail.created_at.is_within(lifetime, at)
            });
            !lives
        })
    }

    /// A mail was handed on.
    pub(super) fn witness_handed_on(&mut self, id: MailId) -> Result<(), String> {
        self.mails.done.insert(id);
        if self.mails.queued.contains(&id) {
            return Ok(());
        }
        Err(format!("the mail {id} was handed on, and nothing that stands called for it"))
    }

    /// A mail was refused for good.
    pub(super) fn refused_for_good(&mut self, id: MailId) {
        self.mails.done.insert(id);
    }

    pub(super) fn mails_purged(&mut self, expired: &Expired) {
        self.mails.purged(expired);
    }

    /// After a time of calm in which the outbox was worked off.
    pub(crate) fn owes_no_mail(&self) -> Result<(), String> {
        match self.mails.owed() {
            0 => Ok(()),
            owed => Err(format!("{owed} mails of what stands were never handed on")),
        }
    }
}
