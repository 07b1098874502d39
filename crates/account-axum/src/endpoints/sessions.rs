//! The account's sessions: listed and ended. Opening one is signing in, and elsewhere.

use account_core::policy::Operation;
use account_core::session::{Session, UserAgent};
use serde::Serialize;

use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::envelope::{List as Listed, no_content, ok};

/// GET: the live ones, oldest first.
pub(crate) struct List;

impl Endpoint for List {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account/sessions";
    const OPERATION: Operation = Operation::ListSessions;

    async fn answer(asked: Asked<'_>) -> Answer {
        let sessions = asked.edge.accounts().sessions().list(asked.who).await?;
        Ok(ok(&Listed::new("session", sessions.iter().map(Attributes::of))))
    }
}

/// DELETE: 404 alike for what is malformed, unknown, or another account's (SEC-50).
pub(crate) struct End;

impl Endpoint for End {
    const VERB: Verb = Verb::Delete;
    const PATH: &'static str = "/api/client/account/sessions/{id}";
    const OPERATION: Operation = Operation::EndSessions;

    async fn answer(asked: Asked<'_>) -> Answer {
        asked.edge.accounts().sessions().end(asked.who, asked.named).await?;
        Ok(no_content())
    }
}

/// POST: all but the calling one; all, if a key calls.
pub(crate) struct EndOthers;

impl Endpoint for EndOthers {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/sessions/end-others";
    const OPERATION: Operation = Operation::EndSessions;

    async fn answer(asked: Asked<'_>) -> Answer {
        asked.edge.accounts().sessions().end_others(asked.who).await?;
        Ok(no_content())
    }
}

#[derive(Serialize)]
struct Attributes<'a> {
    id: String,
    current: bool,
    ip: Option<String>,
    user_agent: Option<&'a str>,
    created_at: String,
    last_seen_at: String,
    expires_at: String,
}

impl<'a> Attributes<'a> {
    fn of(session: &'a Session) -> Self {
        Self {
            id: session.id.to_string(),
            current: session.current,
            ip: session.ip.map(|ip| ip.to_string()),
            user_agent: session.user_agent.as_ref().map(UserAgent::as_str),
            created_at: session.created_at.to_rfc3339(),
            last_seen_at: session.last_seen_at.to_rfc3339(),
            expires_at: session.expires_at.to_rfc3339(),
        }
    }
}
