//! What the model says must come of a request at one moment.

use std::net::IpAddr;

use account_core::activity::{Activity, Event};
use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountId, AccountUid};
use account_core::mail::{MessageKind, Notice};

use super::super::answer::{Refusal, Verdict};
use super::person::Person;

/// The answer, and what must be written for it.
#[derive(Debug)]
pub(crate) struct Prediction {
    pub(crate) verdict: Verdict,
    /// The account that the request is about.
    pub(crate) subject: Option<AccountId>,
    /// The one commit; `None` if there must be none.
    pub(crate) written: Option<Written>,
    /// The audit entry of a refusal, outside of any commit.
    pub(crate) recorded: Option<Entry>,
}

/// A commit.
#[derive(Debug)]
pub(crate) struct Written {
    /// The account afterwards; `None` once it is deleted.
    pub(crate) next: Option<Box<Person>>,
    /// The audit entries, in order.
    pub(crate) entries: Vec<Entry>,
    /// Mails by recipient, in order.
    pub(crate) mails: Vec<(String, MessageKind)>,
}

/// What an audit entry must say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) event: Event,
    pub(crate) subject: Option<AccountUid>,
    pub(crate) actor: Option<AccountUid>,
    pub(crate) ip: Option<IpAddr>,
    pub(crate) api_key: Option<ApiKeyIdentifier>,
}

impl From<&Activity> for Entry {
    fn from(entry: &Activity) -> Self {
        let Activity { subject, actor, event, ip, api_key, .. } = entry;
        Self { event: *event, subject: *subject, actor: *actor, ip: *ip, api_key: *api_key }
    }
}

impl Entry {
    /// By nobody who is signed in, or by the operator.
    pub(crate) fn by_nobody(event: Event, subject: Option<AccountUid>, ip: Option<IpAddr>) -> Self {
        Self { event, subject, actor: None, ip, api_key: None }
    }

    /// By the account's owner.
    pub(crate) fn by_owner(event: Event, owner: AccountUid, ip: Option<IpAddr>) -> Self {
        Self { event, subject: Some(owner), actor: Some(owner), ip, api_key: None }
    }
}

impl Prediction {
    pub(crate) fn refused(subject: Option<AccountId>, refusal: Refusal) -> Self {
        Self { verdict: Err(refusal), subject, written: None, recorded: None }
    }

    /// Granted, with nothing to write.
    pub(crate) fn granted(subject: Option<AccountId>) -> Self {
        Self { verdict: Ok(()), subject, written: None, recorded: None }
    }

    /// Granted, and this is written.
    pub(crate) fn written(next: Person, entries: Vec<Entry>) -> Self {
        let subject = Some(next.id);
        let written = Written { next: Some(Box::new(next)), entries, mails: Vec::new() };
        Self { verdict: Ok(()), subject, written: Some(written), recorded: None }
    }

    /// The same, and the owner is told.
    pub(crate) fn telling(self, to: &str, notice: Notice) -> Self {
        self.mailing(to, MessageKind::Notice(notice))
    }

    /// The same, and a mail goes out.
    pub(crate) fn mailing(mut self, to: &str, kind: MessageKind) -> Self {
        if let Some(written) = &mut self.written {
            written.mails.push((to.to_owned(), kind));
        }
        self
    }

    /// The same, but the answer is a refusal.
    pub(crate) fn but_refused(mut self, refusal: Refusal) -> Self {
        self.verdict = Err(refusal);
        self
    }

    pub(crate) fn recording(mut self, entry: Entry) -> Self {
        self.recorded = Some(entry);
        self
    }
}
