//! Writes to the log what an operator must see and what an auditor will ask for: the core's alarms as errors,
//! and one line for each security-relevant event (SEC-64). Who asked is in it, and never what was typed.
//!
//! It decides nothing, and a request that merely succeeded leaves no line. The audit trail in the database is
//! the core's; the requests that were refused are logged by the edge.

use std::net::IpAddr;

use account_core::activity::Activity;
use account_core::id::{AccountId, AccountUid};
use account_core::ports::alarm::{Alarm, AlarmSink};
use account_core::ports::listener::CommitListener;

/// Alarms and events as lines of the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SecurityLog;

impl AlarmSink for SecurityLog {
    fn raise(&self, alarm: Alarm) {
        match alarm {
            Alarm::Forged { what, name } => {
                tracing::error!(alarm = "forged", what, name = ?name, "a stored row was altered by somebody else");
            }
            Alarm::UnknownKey { key } => {
                tracing::error!(alarm = "unknown-key", key = ?key, "a row needs a key that the keyring lacks");
            }
            Alarm::HostileHash => {
                tracing::error!(
                    alarm = "hostile-hash",
                    "a stored password hash has parameters beyond all bounds"
                );
            }
            other => tracing::error!(alarm = ?other, "alarm"),
        }
    }
}

impl CommitListener for SecurityLog {
    fn committed(&self, id: AccountId, _: AccountUid, entries: &[&Activity]) {
        entries.iter().for_each(|entry| log(Some(id), entry));
    }

    fn recorded(&self, id: Option<AccountId>, entry: &Activity) {
        log(id, entry);
    }
}

/// One line. The properties stay out of it: a name that was typed at sign-in may be a password.
fn log(account: Option<AccountId>, entry: &Activity) {
    tracing::info!(
        event = entry.event.as_str(),
        account = account.map(|id| id.0),
        by_owner = entry.actor.is_some(),
        key = entry.api_key.as_ref().map(tracing::field::display),
        client = entry.ip.map(|ip: IpAddr| tracing::field::display(ip)),
        "account event"
    );
}
