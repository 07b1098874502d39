//! The audit trail. Entries name accounts by uid and refer to no row, so they outlive them.

use account_core::activity::{Activity, ActivityPage, ActivityQuery, Event, Sentence};
use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountUid, ActivityId};
use account_core::malformed::Malformed;
use account_core::store::{ActivityRepository, StoreResult};
use async_trait::async_trait;
use rusqlite::{Connection, ToSql, params};

use crate::cells::{self, Cells};
use crate::failure::Failure;
use crate::store::SqliteStore;

macro_rules! columns {
    () => {
        "SELECT id, subject, actor, event, ip, api_key, properties, description, at FROM activity WHERE subject = ?1 "
    };
}

macro_rules! insert {
    () => {
        "INSERT INTO activity (id, subject, actor, event, ip, api_key, properties, description, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
    };
}

statements! {
    ADD = insert!();
    ADD_UNLESS_THERE = concat!(insert!(), "ON CONFLICT (id) DO NOTHING");
    NEWEST_FIRST = concat!(columns!(), "ORDER BY at DESC, number DESC LIMIT ?2 OFFSET ?3");
    OLDEST_FIRST = concat!(columns!(), "ORDER BY at, number LIMIT ?2 OFFSET ?3");
    TOTAL = "SELECT count(*) FROM activity WHERE subject = ?1";
    SOME_NEWEST_FIRST = concat!(
        columns!(),
        "AND event IN (SELECT value FROM json_each(?4)) ORDER BY at DESC, number DESC LIMIT ?2 OFFSET ?3"
    );
    SOME_OLDEST_FIRST = concat!(
        columns!(),
        "AND event IN (SELECT value FROM json_each(?4)) ORDER BY at, number LIMIT ?2 OFFSET ?3"
    );
    SOME_TOTAL =
        "SELECT count(*) FROM activity WHERE subject = ?1 AND event IN (SELECT value FROM json_each(?2))";
}

/// Adds an entry.
pub(crate) fn add(connection: &Connection, entry: &Activity) -> Result<(), Failure> {
    insert(connection, ADD, entry)
}

/// Adds an entry, or passes over one whose name is there.
pub(crate) fn add_unless_there(connection: &Connection, entry: &Activity) -> Result<(), Failure> {
    insert(connection, ADD_UNLESS_THERE, entry)
}

fn insert(connection: &Connection, statement: &str, entry: &Activity) -> Result<(), Failure> {
    let properties = serde_json::Value::from_iter(
        entry
            .properties
            .iter()
            .map(|(name, value)| serde_json::Value::from_iter([name.as_str(), value.as_str()])),
    );
    connection.prepare_cached(statement)?.execute(params![
        entry.id.as_bytes(),
        entry.subject.as_ref().map(AccountUid::as_bytes),
        entry.actor.as_ref().map(AccountUid::as_bytes),
        entry.event.as_str(),
        entry.ip.map(|ip| ip.to_string()),
        entry.api_key.as_ref().map(|key| key.as_str()),
        properties.to_string(),
        entry.description.as_ref().map(Sentence::as_str),
        entry.at.as_millis(),
    ])?;
    Ok(())
}

fn read(cells: &mut Cells<'_, '_>) -> Result<Activity, Failure> {
    Ok(Activity {
        id: cells.blob(ActivityId::from_stored)?,
        subject: cells.blob_if_any(AccountUid::from_stored)?,
        actor: cells.blob_if_any(AccountUid::from_stored)?,
        event: cells.text(Event::from_stored)?,
        ip: cells.address_if_any()?,
        api_key: cells.text_if_any(ApiKeyIdentifier::from_stored)?,
        properties: cells.text(|text| serde_json::from_str(text).map_err(|_| Malformed("properties")))?,
        description: cells.owned_text_if_any(Sentence::from_stored)?,
        at: cells.time()?,
    })
}

fn page(connection: &Connection, query: &ActivityQuery) -> Result<ActivityPage, Failure> {
    let subject = query.subject.as_bytes();
    let offset = i64::try_from(query.offset).unwrap_or(i64::MAX);
    let events = query
        .events
        .as_ref()
        .map(|events| serde_json::Value::from_iter(events.iter().map(|event| event.as_str())).to_string());
    let (page, total) = match (events.is_some(), query.newest_first) {
        (false, true) => (NEWEST_FIRST, TOTAL),
        (false, false) => (OLDEST_FIRST, TOTAL),
        (true, true) => (SOME_NEWEST_FIRST, SOME_TOTAL),
        (true, false) => (SOME_OLDEST_FIRST, SOME_TOTAL),
    };
    let mut of_page: Vec<&dyn ToSql> = vec![subject, &query.limit, &offset];
    let mut of_total: Vec<&dyn ToSql> = vec![subject];
    if let Some(events) = &events {
        of_page.push(events);
        of_total.push(events);
    }
    let total = connection.prepare_cached(total)?.query_row(&*of_total, |row| row.get::<_, i64>(0))?;
    let total = u64::try_from(total).unwrap_or_default();
    let mut statement = connection.prepare_cached(page)?;
    let entries = cells::list(statement.query(&*of_page)?, "activity", read)?;
    Ok(ActivityPage { entries, total })
}

#[async_trait]
impl ActivityRepository for SqliteStore {
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage> {
        let query = query.clone();
        self.readers.ask_in_one_snapshot(move |connection| page(connection, &query)).await
    }
}
