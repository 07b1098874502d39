//! An audit entry in the making: who, from where, with what, before it is known when.

use std::net::IpAddr;

use crate::accounts::Accounts;
use crate::activity::{Activity, Event};
use crate::api_key::ApiKeyIdentifier;
use crate::id::{AccountUid, ActivityId};
use crate::ports::entropy::{Entropy, EntropyError};
use crate::principal::Principal;
use crate::store::Change;
use crate::time::Timestamp;

/// All of an entry that is known before the decision; made outside the rule, since it takes randomness.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    id: ActivityId,
    /// When it was begun; when it happens is decided later.
    begun: Timestamp,
    subject: Option<AccountUid>,
    actor: Option<AccountUid>,
    ip: Option<IpAddr>,
    api_key: Option<ApiKeyIdentifier>,
}

impl Accounts {
    /// An entry about the principal's own account.
    pub(crate) fn recorder(&self, who: &Principal) -> Result<Recorder, EntropyError> {
        let (uid, begun) = (Some(who.account().uid), self.now());
        let id = ActivityId::generate(&*self.inner.entropy, begun)?;
        Ok(Recorder { id, begun, subject: uid, actor: uid, ip: who.client(), api_key: who.api_key() })
    }

    /// An entry about an account that somebody acted on without being signed in, or the operator did.
    pub(crate) fn recorder_without_actor(
        &self,
        subject: Option<AccountUid>,
        ip: Option<IpAddr>,
    ) -> Result<Recorder, EntropyError> {
        let begun = self.now();
        let id = ActivityId::generate(&*self.inner.entropy, begun)?;
        Ok(Recorder { id, begun, subject, actor: None, ip, api_key: None })
    }
}

impl Recorder {
    /// The same, about this account.
    pub(crate) fn about(&self, subject: AccountUid) -> Self {
        Self { subject: Some(subject), ..self.clone() }
    }

    /// The same under another name: for a second entry of one decision.
    pub(crate) fn another(&self, entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self { id: ActivityId::generate(entropy, self.begun)?, ..self.clone() })
    }

    /// The same, done by the account's owner.
    pub(crate) fn by_owner(mut self) -> Self {
        self.actor = self.subject;
        self
    }

    pub(crate) fn entry(&self, event: Event, properties: &[(&str, String)], now: Timestamp) -> Activity {
        let properties = properties.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let Self { id, begun: _, subject, actor, ip, api_key } = self.clone();
        Activity { id, subject, actor, event, ip, api_key, properties, description: None, at: now }
    }

    pub(crate) fn change(&self, event: Event, properties: &[(&str, String)], now: Timestamp) -> Change {
        Change::Record(self.entry(event, properties, now))
    }
}
