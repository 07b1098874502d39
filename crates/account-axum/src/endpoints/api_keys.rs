//! API keys: listed, made, deleted (contract 5).

use account_core::api_key::{AllowedIps, ApiKey, CreatedApiKey, Description, NewApiKey};
use account_core::creation::Once;
use account_core::field::{Fault, FieldErrors};
use account_core::policy::Operation;
use account_core::time::Timestamp;
use axum::response::Response;
use serde::Serialize;

use crate::endpoint::{Answer, Asked, Endpoint, Verb};
use crate::envelope::{Item, List as Listed, no_content, ok};
use crate::fields::{Field, Fields};
use crate::idempotency::{name_of_request, replayed};

const OBJECT: &str = "api_key";

/// GET: the account's keys, oldest first, without secrets.
pub(crate) struct List;

impl Endpoint for List {
    const VERB: Verb = Verb::Get;
    const PATH: &'static str = "/api/client/account/api-keys";
    const OPERATION: Operation = Operation::ListApiKeys;

    async fn answer(asked: Asked<'_>) -> Answer {
        let keys = asked.edge.accounts().api_keys().list(asked.who).await?;
        Ok(ok(&Listed::new(OBJECT, keys.iter().map(Attributes::of))))
    }
}

/// POST: a new key; its secret is answered this once (SEC-34), and not to a request that repeats an
/// earlier one (REL-07).
pub(crate) struct Create;

impl Endpoint for Create {
    const VERB: Verb = Verb::Post;
    const PATH: &'static str = "/api/client/account/api-keys";
    const OPERATION: Operation = Operation::CreateApiKey;

    async fn answer(asked: Asked<'_>) -> Answer {
        let name = name_of_request(&asked.parts.headers)?;
        let wanted = wanted(asked.fields)?;
        let service = asked.edge.accounts().api_keys();
        let Some(name) = name else { return Ok(shown(&service.create(asked.who, &wanted).await?)) };
        Ok(match service.create_once(asked.who, &wanted, &name).await? {
            Once::Made(created) => shown(&created),
            Once::MadeBefore(key) => replayed(ok(&Item::new(OBJECT, Attributes::of(&key)))),
        })
    }
}

/// DELETE: 404 alike for what is malformed, unknown, or another account's (SEC-50).
pub(crate) struct Delete;

impl Endpoint for Delete {
    const VERB: Verb = Verb::Delete;
    const PATH: &'static str = "/api/client/account/api-keys/{identifier}";
    const OPERATION: Operation = Operation::DeleteApiKey;

    async fn answer(asked: Asked<'_>) -> Answer {
        asked.edge.accounts().api_keys().delete(asked.who, asked.named).await?;
        Ok(no_content())
    }
}

#[derive(Serialize)]
struct Attributes<'a> {
    identifier: &'a str,
    description: &'a str,
    allowed_ips: &'a [String],
    last_used_at: Option<String>,
    created_at: String,
    expires_at: Option<String>,
}

impl<'a> Attributes<'a> {
    fn of(key: &'a ApiKey) -> Self {
        Self {
            identifier: key.identifier.as_str(),
            description: key.description.as_str(),
            allowed_ips: key.allowed_ips.entries(),
            last_used_at: key.last_used_at.map(Timestamp::to_rfc3339),
            created_at: key.created_at.to_rfc3339(),
            expires_at: key.expires_at.map(Timestamp::to_rfc3339),
        }
    }
}

/// The secret half, as the panel has it, and the whole token beside it (F-43).
#[derive(Serialize)]
struct Secret<'a> {
    secret_token: &'a str,
    token: &'a str,
}

fn shown(created: &CreatedApiKey) -> Response {
    let joined = created.token.joined();
    let meta = Secret { secret_token: created.token.secret(), token: &joined };
    ok(&Item::new(OBJECT, Attributes::of(&created.key)).with_meta(meta))
}

fn wanted(fields: &Fields) -> Result<NewApiKey, FieldErrors> {
    let mut errors = FieldErrors::default();
    let description = fields.string("description").required(Fault::NotAString);
    let description = errors.take("description", description.and_then(Description::parse));
    let allowed_ips = take_allowed_ips(&mut errors, fields.strings("allowed_ips"));
    let expires_at = fields.string("expires_at").optional(Fault::NotAString).and_then(point_in_time);
    let expires_at = errors.take("expires_at", expires_at);
    match (description, allowed_ips, expires_at) {
        (Some(description), Some(allowed_ips), Some(expires_at)) => {
            Ok(NewApiKey { description, allowed_ips, expires_at })
        }
        _ => Err(errors),
    }
}

fn point_in_time(text: Option<&str>) -> Result<Option<Timestamp>, Vec<Fault>> {
    let Some(text) = text else { return Ok(None) };
    Timestamp::parse_rfc3339(text).map(Some).ok_or_else(|| vec![Fault::NotAFutureTime])
}

fn take_allowed_ips(errors: &mut FieldErrors, given: Field<Vec<Field<&str>>>) -> Option<AllowedIps> {
    let elements = match given {
        Field::Absent => return Some(AllowedIps::default()),
        Field::WrongType => {
            errors.add("allowed_ips", Fault::NotAnArray);
            return None;
        }
        Field::Given(elements) => elements,
    };
    let written: Vec<&str> = elements.iter().map(|element| element.given().unwrap_or_default()).collect();
    let parsed = AllowedIps::parse(&written);
    for (index, fault) in parsed.as_ref().err().into_iter().flatten() {
        match index.and_then(|index| Some((index, elements.get(index)?))) {
            None => errors.add("allowed_ips", fault.clone()),
            Some((index, element)) => entry_faults(errors, index, *element, fault),
        }
    }
    parsed.ok()
}

/// What is no string is told as such; what is empty, as the panel tells it, as both.
fn entry_faults(errors: &mut FieldErrors, index: usize, element: Field<&str>, fault: &Fault) {
    let field = format!("allowed_ips.{index}");
    if element.given().is_none() {
        errors.add(&field, Fault::NotAString);
    }
    if element != Field::WrongType {
        errors.add(&field, fault.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Json;

    fn faults(body: &str) -> Vec<(String, &'static str)> {
        let fields = Fields::from(Json::parse(body.as_bytes()).unwrap());
        let errors = wanted(&fields).err().unwrap_or_default();
        errors.iter().map(|error| (error.field.clone(), error.fault.rule())).collect()
    }

    fn one(field: &str, rule: &'static str) -> Vec<(String, &'static str)> {
        vec![(field.to_owned(), rule)]
    }

    #[test]
    fn the_list_may_be_left_out() {
        for body in [r#"{"description":"x"}"#, r#"{"description":"x","allowed_ips":null,"expires_at":null}"#]
        {
            assert!(faults(body).is_empty());
        }
    }

    #[test]
    fn every_bad_entry_is_named_and_so_is_a_bad_expiry() {
        assert_eq!(faults(r#"{"description":"x","allowed_ips":true}"#), one("allowed_ips", "array"));
        assert_eq!(
            faults(r#"{"description":"x","allowed_ips":["::1",127]}"#),
            one("allowed_ips.1", "string")
        );
        assert_eq!(
            faults(r#"{"allowed_ips":["hodor","",{}],"expires_at":"soon"}"#),
            [
                ("description".to_owned(), "required"),
                ("allowed_ips.0".to_owned(), ""),
                ("allowed_ips.1".to_owned(), "string"),
                ("allowed_ips.1".to_owned(), ""),
                ("allowed_ips.2".to_owned(), "string"),
                ("expires_at".to_owned(), "after"),
            ]
        );
    }

    #[test]
    fn an_expiry_is_a_point_in_time_with_an_offset() {
        let body = r#"{"description":"x","expires_at":"2030-01-02T03:04:05+02:00"}"#;
        let fields = Fields::from(Json::parse(body.as_bytes()).unwrap());
        let wanted = wanted(&fields).unwrap();
        assert_eq!(wanted.expires_at.unwrap().to_rfc3339(), "2030-01-02T01:04:05+00:00");
    }
}
