//! Last uses, gathered off the path: at most one a minute for each credential, written in batches.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::api_key::{ApiKeyIdentifier, StoredApiKey};
use crate::id::{AccountUid, SessionId};
use crate::session::StoredSession;
use crate::store::Observation;
use crate::time::Timestamp;

/// How often a last use is written for one credential, at the most (contract 1.4).
const GRAIN: Duration = Duration::from_secs(60);

/// Beyond this many credentials in use between two flushes, further uses are not noted until the next.
const MOST: usize = 100_000;

#[derive(Default)]
pub(crate) struct Observed {
    waiting: Mutex<HashMap<Used, Observation>>,
}

#[derive(PartialEq, Eq, Hash)]
enum Used {
    ApiKey(ApiKeyIdentifier),
    Session(SessionId),
}

impl Observed {
    pub(crate) fn api_key(&self, account: AccountUid, key: &StoredApiKey, now: Timestamp) {
        if is_due(key.last_used_at, now) {
            let identifier = key.identifier;
            self.note(Used::ApiKey(identifier), Observation::ApiKeyUsed { account, identifier, at: now });
        }
    }

    pub(crate) fn session(
        &self,
        account: AccountUid,
        stored: &StoredSession,
        now: Timestamp,
        idle: Duration,
    ) {
        if is_due(Some(stored.last_seen_at), now) {
            let session = stored.id;
            let seen = Observation::SessionSeen { account, session, at: now, if_seen_since: now.minus(idle) };
            self.note(Used::Session(session), seen);
        }
    }

    pub(crate) fn drain(&self) -> Vec<Observation> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.drain().map(|(_, observation)| observation).collect()
    }

    pub(crate) fn put_back(&self, seen: Vec<Observation>) {
        for observation in seen {
            let used = match &observation {
                Observation::ApiKeyUsed { identifier, .. } => Used::ApiKey(*identifier),
                Observation::SessionSeen { session, .. } => Used::Session(*session),
            };
            self.note(used, observation);
        }
    }

    fn note(&self, used: Used, observation: Observation) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < MOST {
            waiting.entry(used).or_insert(observation);
        }
    }
}

fn is_due(last: Option<Timestamp>, now: Timestamp) -> bool {
    last.is_none_or(|last| now.since(last) >= GRAIN)
}
