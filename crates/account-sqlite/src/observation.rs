//! Last uses: forwards only, on rows that exist, and never on a session that has idled out.

use account_core::store::Observation;
use rusqlite::{Connection, params};

use crate::failure::Failure;

macro_rules! key_used {
    () => {
        "UPDATE api_key SET last_used_at = ?1
         WHERE identifier = ?2 AND (last_used_at IS NULL OR last_used_at < ?1)
           AND EXISTS (SELECT 1 FROM account WHERE account.id = api_key.account AND account.uid = ?3)"
    };
}

statements! {
    KEY_USED_BY_NUMBER = concat!(key_used!(), " AND number = ?4");
    KEY_USED = key_used!();
    SESSION_SEEN = "UPDATE session SET last_seen_at = ?1
         WHERE id = ?2 AND account = (SELECT id FROM account WHERE uid = ?3)
           AND last_seen_at < ?1 AND last_seen_at >= ?4";
}

/// Notes one use.
pub(crate) fn note(connection: &Connection, seen: &Observation) -> Result<(), Failure> {
    match seen {
        Observation::ApiKeyUsed { account, identifier, at } => {
            let (at, text, uid) = (at.as_millis(), identifier.as_str(), account.as_bytes());
            let mut by_number = connection.prepare_cached(KEY_USED_BY_NUMBER)?;
            match by_number.execute(params![at, text, uid, identifier.number()])? {
                // Its row has another number, or nothing is to be noted.
                0 => connection.prepare_cached(KEY_USED)?.execute(params![at, text, uid])?,
                noted => noted,
            }
        }
        Observation::SessionSeen { account, session, at, if_seen_since } => {
            connection.prepare_cached(SESSION_SEEN)?.execute(params![
                at.as_millis(),
                session.as_bytes(),
                account.as_bytes(),
                if_seen_since.as_millis()
            ])?
        }
    };
    Ok(())
}
