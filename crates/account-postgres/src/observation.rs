//! Last uses: forwards only, on rows that exist, and never on a session that has idled out. A batch is
//! one statement for keys and one for sessions.

use std::collections::BTreeMap;

use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountUid, SessionId};
use account_core::store::Observation;
use account_core::time::Timestamp;

use crate::statement::Draft;

statements! {
    KEYS_USED = "UPDATE api_key SET last_used_at = n.at
           FROM unnest($1::bytea[], $2::text[], $3::bigint[]) AS n (uid, identifier, at), account
          WHERE api_key.identifier = n.identifier AND account.id = api_key.account AND account.uid = n.uid
            AND (api_key.last_used_at IS NULL OR api_key.last_used_at < n.at)";
    SESSIONS_SEEN = "UPDATE session SET last_seen_at = n.at
           FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[]) AS n (uid, id, at, since), account
          WHERE session.id = n.id AND account.id = session.account AND account.uid = n.uid
            AND session.last_seen_at < n.at AND session.last_seen_at >= n.since";
}

/// The statements that note all of it. A statement changes a row once, so what names a session twice
/// needs two; of a key's uses the last one says it all.
pub(crate) fn statements(seen: &[Observation]) -> Vec<Draft> {
    let mut keys: BTreeMap<(AccountUid, ApiKeyIdentifier), Timestamp> = BTreeMap::new();
    let mut rounds: Vec<BTreeMap<(AccountUid, SessionId), (Timestamp, Timestamp)>> = Vec::new();
    for item in seen {
        match item {
            Observation::ApiKeyUsed { account, identifier, at } => {
                let used = keys.entry((*account, *identifier)).or_insert(*at);
                *used = (*used).max(*at);
            }
            Observation::SessionSeen { account, session, at, if_seen_since } => {
                let name = (*account, *session);
                match rounds.iter_mut().find(|round| !round.contains_key(&name)) {
                    Some(round) => round.insert(name, (*at, *if_seen_since)),
                    None => {
                        rounds.push(BTreeMap::from([(name, (*at, *if_seen_since))]));
                        None
                    }
                };
            }
        }
    }
    let keys_used = (!keys.is_empty()).then(|| {
        Draft::of(KEYS_USED)
            .with(keys.keys().map(|(uid, _)| uid.as_bytes().to_vec()).collect::<Vec<_>>())
            .with(keys.keys().map(|(_, identifier)| identifier.as_str().to_owned()).collect::<Vec<_>>())
            .with(keys.values().map(|at| at.as_millis()).collect::<Vec<_>>())
    });
    let sessions_seen = rounds.iter().map(|round| {
        Draft::of(SESSIONS_SEEN)
            .with(round.keys().map(|(uid, _)| uid.as_bytes().to_vec()).collect::<Vec<_>>())
            .with(round.keys().map(|(_, id)| id.as_bytes().to_vec()).collect::<Vec<_>>())
            .with(round.values().map(|(at, _)| at.as_millis()).collect::<Vec<_>>())
            .with(round.values().map(|(_, since)| since.as_millis()).collect::<Vec<_>>())
    });
    keys_used.into_iter().chain(sessions_seen).collect()
}
