//! Sessions. Finding one with its account is the other hot path. Expired ones are here until the
//! sweep takes them; whether one counts is the core's question.

use account_core::account::Account;
use account_core::id::{AccountId, Digest, PasswordEpoch, SessionId};
use account_core::ports::keyring::Mac;
use account_core::session::{StoredSession, UserAgent};
use account_core::store::{SessionRepository, StoreResult};
use async_trait::async_trait;

use crate::account;
use crate::cells::{self, Cells, Shape};
use crate::failure::Failure;
use crate::look_ups::Question;
use crate::statement::Draft;
use crate::store::PostgresStore;

const SHAPE: Shape = Shape::new(3, 2, 3);

macro_rules! columns {
    () => {
        "session.id, session.token, session.mac, session.ip, session.user_agent, \
         session.password_epoch, session.created_at, session.last_seen_at"
    };
}

statements! {
    ONE_WITH_ACCOUNT = with_account!(one columns!(), "session" by "token");
    MANY_WITH_ACCOUNT = with_account!(many columns!(), "session" by "token", "bytea[]");
    OF = concat!("SELECT ", columns!(), " FROM session WHERE account = $1 ORDER BY created_at, number");
}

/// By the token's digest, which is the second of the bytes.
pub(crate) const WITH_ACCOUNT: Question = Question { one: ONE_WITH_ACCOUNT, many: MANY_WITH_ACCOUNT, key: 1 };

pub(crate) fn read(cells: &mut Cells<'_>) -> Result<StoredSession, Failure> {
    Ok(StoredSession {
        id: cells.bytes(SessionId::from_stored)?,
        token: cells.bytes(Digest::from_stored)?,
        mac: cells.bytes(|bytes| Mac::from_stored(bytes.to_vec()))?,
        ip: cells.address_if_any()?,
        user_agent: cells.owned_text_if_any(UserAgent::from_stored)?,
        password_epoch: PasswordEpoch(cells.number()?),
        created_at: cells.time()?,
        last_seen_at: cells.time()?,
    })
}

pub(crate) fn add(draft: &mut Draft, sessions: &[&StoredSession]) {
    draft.then(
        "INSERT INTO session (account, id, token, mac, password_epoch, ip, user_agent, created_at, last_seen_at) \
         SELECT hold.id, n.id, n.token, n.mac, n.password_epoch, n.ip, n.user_agent, n.created_at, \
         n.last_seen_at FROM hold, unnest(",
    );
    draft.value(sessions.iter().map(|session| &session.id.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(sessions.iter().map(|session| &session.token.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(sessions.iter().map(|session| session.mac.as_bytes()).collect::<Vec<_>>());
    draft.then(", ").value(sessions.iter().map(|session| session.password_epoch.0).collect::<Vec<_>>());
    draft.then(", ");
    draft.value(sessions.iter().map(|session| session.ip.map(|ip| ip.to_string())).collect::<Vec<_>>());
    draft.then(", ").value(
        sessions.iter().map(|session| session.user_agent.as_ref().map(UserAgent::as_str)).collect::<Vec<_>>(),
    );
    draft.then(", ").value(sessions.iter().map(|session| session.created_at.as_millis()).collect::<Vec<_>>());
    draft
        .then(", ")
        .value(sessions.iter().map(|session| session.last_seen_at.as_millis()).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (id, token, mac, password_epoch, ip, user_agent, created_at, last_seen_at, place) \
         ORDER BY n.place",
    );
}

pub(crate) fn remove(draft: &mut Draft, ids: &[SessionId]) {
    draft.then("DELETE FROM session USING hold WHERE account = hold.id AND session.id = ANY(");
    draft.value(ids.iter().map(|id| &id.as_bytes()[..]).collect::<Vec<_>>()).then(")");
}

pub(crate) fn remove_all_but(draft: &mut Draft, kept: Option<SessionId>) {
    draft.then("DELETE FROM session USING hold WHERE account = hold.id");
    if let Some(kept) = kept {
        draft.then(" AND session.id <> ").value(&kept.as_bytes()[..]);
    }
}

pub(crate) fn set_macs(draft: &mut Draft, macs: &[(SessionId, &Mac)]) {
    draft.then("UPDATE session SET mac = n.mac FROM hold, unnest(");
    draft.value(macs.iter().map(|(id, _)| &id.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(macs.iter().map(|(_, mac)| mac.as_bytes()).collect::<Vec<_>>());
    draft.then(") AS n (id, mac) WHERE account = hold.id AND session.id = n.id");
}

#[async_trait]
impl SessionRepository for PostgresStore {
    async fn session(&self, token: &Digest) -> StoreResult<Option<(StoredSession, Account)>> {
        let Some(row) = self.sessions.find(token.as_bytes().to_vec()).await? else { return Ok(None) };
        let session = read(&mut Cells::at(0, SHAPE, "session", &row))?;
        let account = account::read(&mut Cells::at(SHAPE.width(), account::SHAPE, "account", &row))?;
        Ok(Some((session, account)))
    }

    async fn sessions(&self, account: AccountId) -> StoreResult<Vec<StoredSession>> {
        let rows = self.ask(Draft::of(OF).with(account.0)).await?;
        Ok(cells::list(&rows, "session", SHAPE, read)?)
    }
}
