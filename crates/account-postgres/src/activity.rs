//! The audit trail. Entries name accounts by uid and refer to no row, so they outlive them.

use account_core::activity::{Activity, ActivityPage, ActivityQuery, Event, Sentence};
use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountUid, ActivityId};
use account_core::malformed::Malformed;
use account_core::store::{ActivityRepository, StoreResult};
use async_trait::async_trait;

use crate::cells::{Cells, Shape};
use crate::failure::Failure;
use crate::statement::Draft;
use crate::store::PostgresStore;

const SHAPE: Shape = Shape::new(3, 5, 1);

// The total stands in each row, and alone in one if the page is empty: one statement, one snapshot.
macro_rules! page {
    ($matching:literal, $order:literal, $outer:literal) => {
        concat!(
            "SELECT page.id, page.subject, page.actor, page.event, page.ip, page.api_key, page.properties, \
             page.description, page.at, matching.total \
             FROM (SELECT count(*) AS total FROM activity WHERE subject = $1", $matching, ") AS matching \
             LEFT JOIN (SELECT id, subject, actor, event, ip, api_key, properties, description, at, number \
             FROM activity WHERE subject = $1", $matching, " ORDER BY ", $order, " LIMIT $2 OFFSET $3) AS page \
             ON true ORDER BY ", $outer
        )
    };
}

statements! {
    NEWEST_FIRST = page!("", "at DESC, number DESC", "page.at DESC, page.number DESC");
    OLDEST_FIRST = page!("", "at, number", "page.at, page.number");
    SOME_NEWEST_FIRST = page!(" AND event = ANY($4)", "at DESC, number DESC", "page.at DESC, page.number DESC");
    SOME_OLDEST_FIRST = page!(" AND event = ANY($4)", "at, number", "page.at, page.number");
}

/// Adds entries, in their order. The names of `hold` must be in the statement.
pub(crate) fn add(draft: &mut Draft, entries: &[&Activity]) {
    draft.then(
        "INSERT INTO activity (id, subject, actor, event, ip, api_key, properties, description, at) \
         SELECT n.id, n.subject, n.actor, n.event, n.ip, n.api_key, n.properties, n.description, n.at \
         FROM hold, ",
    );
    entries_as_rows(draft, entries);
}

/// A whole statement: adds entries, and passes over those whose name is there.
pub(crate) fn add_unless_there(entries: &[Activity]) -> Draft {
    let mut draft = Draft::of(
        "INSERT INTO activity (id, subject, actor, event, ip, api_key, properties, description, at) \
         SELECT n.id, n.subject, n.actor, n.event, n.ip, n.api_key, n.properties, n.description, n.at FROM ",
    );
    entries_as_rows(&mut draft, &entries.iter().collect::<Vec<_>>());
    draft.then(" ON CONFLICT (id) DO NOTHING");
    draft
}

fn entries_as_rows(draft: &mut Draft, entries: &[&Activity]) {
    let uid = |uid: &'_ Option<AccountUid>| uid.map(|uid| uid.as_bytes().to_vec());
    draft.then("unnest(").value(entries.iter().map(|entry| &entry.id.as_bytes()[..]).collect::<Vec<_>>());
    draft.then(", ").value(entries.iter().map(|entry| uid(&entry.subject)).collect::<Vec<_>>());
    draft.then(", ").value(entries.iter().map(|entry| uid(&entry.actor)).collect::<Vec<_>>());
    draft.then(", ").value(entries.iter().map(|entry| entry.event.as_str()).collect::<Vec<_>>());
    draft.then(", ").value(entries.iter().map(|entry| entry.ip.map(|ip| ip.to_string())).collect::<Vec<_>>());
    draft.then(", ");
    draft.value(
        entries.iter().map(|entry| entry.api_key.as_ref().map(|key| key.as_str())).collect::<Vec<_>>(),
    );
    draft.then(", ").value(entries.iter().map(|entry| properties(entry)).collect::<Vec<_>>());
    draft.then(", ").value(
        entries.iter().map(|entry| entry.description.as_ref().map(Sentence::as_str)).collect::<Vec<_>>(),
    );
    draft.then(", ").value(entries.iter().map(|entry| entry.at.as_millis()).collect::<Vec<_>>());
    draft.then(
        ") WITH ORDINALITY AS n (id, subject, actor, event, ip, api_key, properties, description, at, place) \
         ORDER BY n.place",
    );
}

fn properties(entry: &Activity) -> String {
    let pairs = entry
        .properties
        .iter()
        .map(|(name, value)| serde_json::Value::from_iter([name.as_str(), value.as_str()]));
    serde_json::Value::from_iter(pairs).to_string()
}

fn read(cells: &mut Cells<'_>) -> Result<Activity, Failure> {
    Ok(Activity {
        id: cells.bytes(ActivityId::from_stored)?,
        subject: cells.bytes_if_any(AccountUid::from_stored)?,
        actor: cells.bytes_if_any(AccountUid::from_stored)?,
        event: cells.text(Event::from_stored)?,
        ip: cells.address_if_any()?,
        api_key: cells.text_if_any(ApiKeyIdentifier::from_stored)?,
        properties: cells.text(|text| serde_json::from_str(text).map_err(|_| Malformed("properties")))?,
        description: cells.owned_text_if_any(Sentence::from_stored)?,
        at: cells.time()?,
    })
}

fn question(query: &ActivityQuery) -> Draft {
    let text = match (query.events.is_some(), query.newest_first) {
        (false, true) => NEWEST_FIRST,
        (false, false) => OLDEST_FIRST,
        (true, true) => SOME_NEWEST_FIRST,
        (true, false) => SOME_OLDEST_FIRST,
    };
    let question = Draft::of(text)
        .with(&query.subject.as_bytes()[..])
        .with(i64::from(query.limit))
        .with(i64::try_from(query.offset).unwrap_or(i64::MAX));
    match &query.events {
        Some(events) => question.with(events.iter().map(|event| event.as_str()).collect::<Vec<_>>()),
        None => question,
    }
}

#[async_trait]
impl ActivityRepository for PostgresStore {
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage> {
        let rows = self.ask(question(query)).await?;
        let mut page = ActivityPage { entries: Vec::with_capacity(rows.len()), total: 0 };
        for row in &rows {
            page.total = Cells::at(SHAPE.width(), Shape::new(0, 0, 1), "activity", row).small()?;
            let is_entry = Cells::at(0, SHAPE, "activity", row).bytes_if_any(|_| Ok(()))?.is_some();
            if is_entry {
                page.entries.push(read(&mut Cells::at(0, SHAPE, "activity", row))?);
            }
        }
        Ok(page)
    }
}
