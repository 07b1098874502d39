//! The account's audit trail (contract 7).

use account_core::Principal;
use account_core::activity::{Activity, Event, Reading, Sentence, visible_ip};
use account_core::policy::Operation;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::envelope::{Item, List, ok};
use crate::list_query::ListQuery;

/// Properties that an event's own sentence shows, or that are never shown as more than they are.
const NOT_ADDITIONAL: &[&str] =
    &["old", "new", "identifier", "fingerprint", "session", "sessions", "ip", "useragent"];

/// GET: a page of what happened to the account.
pub(crate) struct Read;

impl Endpoint for Read {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account/activity";
    const OPERATION: Operation = Operation::ReadActivity;

    async fn answer(asked: Asked<'_>) -> Answer {
        let query = ListQuery::parse(asked.parts.uri.query().unwrap_or_default())?;
        let page = asked.edge.accounts().activity().read(asked.who, &reading(&query)).await?;
        let count = u64::try_from(page.entries.len()).unwrap_or(u64::MAX);
        let address = asked.edge.address_of(asked.parts);
        let pagination = query.pagination(page.total, count, &address);
        let entries = page.entries.iter().map(|entry| Attributes::of(entry, asked.who, query.include_actor));
        Ok(ok(&List::new("activity_log", entries).paginated(pagination)))
    }
}

fn reading(query: &ListQuery) -> Reading {
    let named = |events: &[String]| Event::matching(events.iter().map(String::as_str));
    Reading {
        events: (!query.events.is_empty()).then(|| named(&query.events)),
        newest_first: query.newest_first,
        offset: query.offset(),
        limit: u32::try_from(query.per_page).unwrap_or(u32::MAX),
    }
}

#[derive(Serialize)]
struct Attributes<'a> {
    id: String,
    batch: Option<&'a str>,
    event: &'static str,
    is_api: bool,
    ip: Option<String>,
    description: Option<&'a str>,
    properties: Properties<'a>,
    has_additional_metadata: bool,
    timestamp: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    relationships: Option<Relationships<'a>>,
}

impl<'a> Attributes<'a> {
    fn of(entry: &'a Activity, viewer: &'a Principal, with_actor: bool) -> Self {
        let ip = visible_ip(entry, viewer);
        let properties = &entry.properties;
        Self {
            id: entry.id.to_string(),
            batch: None,
            event: entry.event.as_str(),
            is_api: entry.api_key.is_some(),
            ip: ip.map(|ip| ip.to_string()),
            description: entry.description.as_ref().map(Sentence::as_str),
            properties: Properties { properties, ip_hidden: ip.is_none() },
            has_additional_metadata: properties
                .iter()
                .any(|(name, _)| !NOT_ADDITIONAL.contains(&name.as_str())),
            timestamp: entry.at.to_rfc3339(),
            relationships: with_actor.then(|| Relationships { actor: Actor::of(entry, viewer) }),
        }
    }
}

/// An object, also when it is empty.
struct Properties<'a> {
    properties: &'a [(String, String)],
    ip_hidden: bool,
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.properties.len()))?;
        for (name, value) in self.properties {
            let hidden = self.ip_hidden && name == "ip";
            map.serialize_entry(name, if hidden { "[hidden]" } else { value })?;
        }
        map.end()
    }
}

#[derive(Serialize)]
struct Relationships<'a> {
    actor: Actor<'a>,
}

/// Whoever did it, if it was the account's owner: nobody else's details are shown here.
#[derive(Serialize)]
#[serde(untagged)]
enum Actor<'a> {
    Owner(Item<Person<'a>>),
    Nobody(Item<Option<()>>),
}

impl<'a> Actor<'a> {
    fn of(entry: &Activity, viewer: &'a Principal) -> Self {
        let account = viewer.account();
        if entry.actor != Some(account.uid) {
            return Self::Nobody(Item::new("null_resource", None));
        }
        Self::Owner(Item::new(
            "user",
            Person {
                uuid: account.uid.to_string(),
                username: account.username.as_str(),
                email: account.email.as_str(),
                image: None,
                two_factor: account.two_factor,
                created_at: account.created_at.to_rfc3339(),
            },
        ))
    }
}

#[derive(Serialize)]
struct Person<'a> {
    uuid: String,
    username: &'a str,
    email: &'a str,
    /// No address of a picture is made from the e-mail address: it would tell another service.
    image: Option<&'a str>,
    #[serde(rename = "2fa_enabled")]
    two_factor: bool,
    created_at: String,
}
