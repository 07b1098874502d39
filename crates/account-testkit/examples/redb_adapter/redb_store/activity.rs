//! The audit trail. Entries lie by subject and time; they name accounts by uid and refer to no row, so
//! they outlive them.

use std::net::IpAddr;

use account_core::activity::{Activity, ActivityPage, ActivityQuery, Event, Sentence};
use account_core::api_key::ApiKeyIdentifier;
use account_core::id::{AccountUid, ActivityId};
use account_core::malformed::Malformed;
use account_core::store::{ActivityRepository, StoreResult, UniqueKey};
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::{ReadTransaction, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::failure::{Failure, corrupt, malformed, taken};
use super::{RedbStore, numbers};

/// Subject, time, and a number that rises.
type Place = (Option<&'static [u8; 16]>, i64, u64);
/// The entry's name and event, which are looked at without reading the rest.
type Written = (&'static [u8; 16], &'static str, &'static [u8]);

const ENTRIES: TableDefinition<'static, Place, Written> = TableDefinition::new("activity");
const NAMES: TableDefinition<'static, &'static [u8; 16], ()> = TableDefinition::new("activity_by_name");

#[derive(Debug, Serialize, Deserialize)]
struct ActivityRow {
    actor: Option<[u8; 16]>,
    ip: Option<IpAddr>,
    api_key: Option<String>,
    properties: Vec<(String, String)>,
    description: Option<String>,
}

pub(super) fn make_tables(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(ENTRIES)?;
    transaction.open_table(NAMES)?;
    Ok(())
}

/// Whether it was added: not if an entry of this name is there already.
fn added(transaction: &WriteTransaction, entry: &Activity) -> Result<bool, Failure> {
    if transaction.open_table(NAMES)?.insert(entry.id.as_bytes(), ())?.is_some() {
        return Ok(false);
    }
    let row = ActivityRow {
        actor: entry.actor.map(|actor| *actor.as_bytes()),
        ip: entry.ip,
        api_key: entry.api_key.as_ref().map(|key| key.as_str().to_owned()),
        properties: entry.properties.clone(),
        description: entry.description.clone().map(Into::into),
    };
    let row = serde_json::to_vec(&row).map_err(|cause| corrupt("activity", cause))?;
    let subject = entry.subject.as_ref().map(AccountUid::as_bytes);
    let place = (subject, entry.at.as_millis(), numbers::next_row(transaction)?);
    let written = (entry.id.as_bytes(), entry.event.as_str(), row.as_slice());
    transaction.open_table(ENTRIES)?.insert(place, written)?;
    Ok(true)
}

/// As part of a commit, a name that is there already ends it.
pub(super) fn add(transaction: &WriteTransaction, entry: &Activity) -> Result<(), Failure> {
    if added(transaction, entry)? { Ok(()) } else { Err(taken(UniqueKey::Secret)) }
}

/// On its own, it is passed over: whoever did not hear the answer may say it again.
pub(super) fn add_unless_there(transaction: &WriteTransaction, entry: &Activity) -> Result<(), Failure> {
    added(transaction, entry).map(drop)
}

fn read(
    subject: AccountUid,
    at: i64,
    (id, event, row): (&[u8; 16], &str, &[u8]),
) -> Result<Activity, Failure> {
    let row: ActivityRow = serde_json::from_slice(row).map_err(|cause| corrupt("activity", cause))?;
    let checked = || -> Result<Activity, Malformed> {
        Ok(Activity {
            id: ActivityId::from_stored(id)?,
            subject: Some(subject),
            actor: row.actor.map(|actor| AccountUid::from_stored(&actor)).transpose()?,
            event: Event::from_stored(event)?,
            ip: row.ip,
            api_key: row.api_key.as_deref().map(ApiKeyIdentifier::from_stored).transpose()?,
            properties: row.properties,
            description: row.description.map(Sentence::from_stored).transpose()?,
            at: Timestamp::from_millis(at),
        })
    };
    checked().map_err(malformed("activity"))
}

/// Counts what matches from its key and event alone, and reads the page.
fn page(snapshot: &ReadTransaction, query: &ActivityQuery) -> Result<ActivityPage, Failure> {
    let entries = snapshot.open_table(ENTRIES)?;
    let subject = Some(query.subject.as_bytes());
    let mut range = entries.range((subject, i64::MIN, u64::MIN)..=(subject, i64::MAX, u64::MAX))?;
    let mut next = || if query.newest_first { range.next_back() } else { range.next() };
    let mut page = ActivityPage { entries: Vec::new(), total: 0 };
    while let Some(entry) = next() {
        let (place, written) = entry?;
        let (_, at, _) = place.value();
        let (_, event, _) = written.value();
        if query.events.as_ref().is_some_and(|events| events.iter().all(|wanted| wanted.as_str() != event)) {
            continue;
        }
        let room = u64::try_from(page.entries.len()).is_ok_and(|length| length < u64::from(query.limit));
        if page.total >= query.offset && room {
            page.entries.push(read(query.subject, at, written.value())?);
        }
        page.total = page.total.saturating_add(1);
    }
    Ok(page)
}

/// Takes up to `limit` entries away that are older than `cut`.
pub(super) fn sweep(transaction: &WriteTransaction, cut: Timestamp, limit: u32) -> Result<u64, Failure> {
    let mut entries = transaction.open_table(ENTRIES)?;
    let mut names = transaction.open_table(NAMES)?;
    let mut gone = 0;
    let old = entries.extract_if(|(_, at, _), _| at < cut.as_millis())?;
    for entry in old.take(usize::try_from(limit).unwrap_or(usize::MAX)) {
        names.remove(entry?.1.value().0)?;
        gone += 1;
    }
    Ok(gone)
}

#[async_trait]
impl ActivityRepository for RedbStore {
    async fn activities(&self, query: &ActivityQuery) -> StoreResult<ActivityPage> {
        self.ask(|snapshot| page(snapshot, query))
    }
}
