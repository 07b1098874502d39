//! Comparing an answer of ours with a recorded one: what differs between any two runs by its form,
//! what differs on purpose by the table's word for it, everything else exactly.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::raw_client::Answer;

/// Both answers to one request.
pub(crate) struct Sides<'a> {
    pub(crate) exchange: &'a Value,
    pub(crate) ours: &'a Answer,
    /// Whether pages can be compared by their numbers.
    pub(crate) same_history: bool,
}

/// `code rule rule …` of an error, with `-` for an empty rule, and `-` alone where there is no error.
pub(crate) fn error_summary(body: &Value) -> String {
    let Some(errors) = body["errors"].as_array() else { return "-".to_owned() };
    let mut words: Vec<&str> = errors.first().and_then(|error| error["code"].as_str()).into_iter().collect();
    words.extend(errors.iter().filter_map(|error| error["meta"]["rule"].as_str()).map(|rule| match rule {
        "" => "-",
        rule => rule,
    }));
    words.join(" ")
}

impl Sides<'_> {
    /// What is wrong. `parts` collects the parts in which they differ on purpose.
    pub(crate) fn compare(&self, parts: &mut BTreeSet<&'static str>) -> Option<String> {
        let theirs = u16::try_from(self.exchange["status"].as_u64().unwrap()).unwrap();
        if theirs != self.ours.status {
            return Some(format!("the panel answered {theirs}, we {}", self.ours.status));
        }
        self.compare_headers(parts).or_else(|| self.compare_bodies(parts))
    }

    fn compare_headers(&self, parts: &mut BTreeSet<&'static str>) -> Option<String> {
        let theirs = |name: &str| self.exchange["headers"][name].as_str();
        for name in ["content-type", "allow"] {
            let content_of_nothing = name == "content-type" && self.ours.status == 204;
            if !content_of_nothing && theirs(name) != self.ours.header(name) {
                return Some(format!(
                    "{name}: the panel {:?}, we {:?}",
                    theirs(name),
                    self.ours.header(name)
                ));
            }
        }
        // The panel counts neither signing out nor choosing a password by mail.
        let uncounted =
            matches!(self.exchange["path"].as_str(), Some("/auth/logout" | "/auth/password/reset"));
        for name in ["x-ratelimit-limit", "x-ratelimit-remaining"] {
            if uncounted && theirs(name).is_none() && self.ours.header(name).is_some() {
                parts.insert("counted");
                continue;
            }
            if theirs(name).is_some() != self.ours.header(name).is_some() {
                return Some(format!(
                    "{name}: the panel {:?}, we {:?}",
                    theirs(name),
                    self.ours.header(name)
                ));
            }
        }
        for (part, name) in [
            ("cache-control", "cache-control"),
            ("cors", "access-control-allow-credentials"),
            ("x-ratelimit-limit", "x-ratelimit-limit"),
        ] {
            if theirs(name) != self.ours.header(name) {
                parts.insert(part);
            }
        }
        None
    }

    fn compare_bodies(&self, parts: &mut BTreeSet<&'static str>) -> Option<String> {
        let recorded = &self.exchange["body"];
        if recorded.as_str() == Some("") || recorded.is_null() {
            return (!self.ours.body.is_empty()).then(|| "the panel's answer was empty".to_owned());
        }
        let (mut theirs, mut ours) = (recorded.clone(), self.ours.json());
        if theirs["object"] == "list" {
            self.compare_lists(&mut theirs, &mut ours);
        }
        reconcile("", &mut theirs, &mut ours, parts);
        (theirs != ours).then(|| format!("the panel {theirs}\n    we {ours}"))
    }

    /// Lists hold the panel's history: their entries are compared by the form of one of each.
    fn compare_lists(&self, theirs: &mut Value, ours: &mut Value) {
        let (one, other) = (form_of_first(theirs), form_of_first(ours));
        let both = !one.is_null() && !other.is_null();
        theirs["data"] = if both { one } else { Value::Null };
        ours["data"] = if both { other } else { Value::Null };
        if !self.same_history {
            for side in [theirs, ours] {
                if let Some(pages) = side.pointer_mut("/meta/pagination").and_then(Value::as_object_mut) {
                    pages.retain(|name, _| matches!(name.as_str(), "per_page" | "current_page"));
                }
            }
        }
    }
}

/// The first entry with the names of its attributes alone. A property, an actor is one event's own.
fn form_of_first(list: &Value) -> Value {
    let Some(entry) = list["data"].get(0) else { return Value::Null };
    let names = |value: &Value| -> Vec<String> {
        let names = value.as_object().into_iter().flatten().map(|(name, _)| name.clone());
        names.filter(|name| name != "expires_at").collect()
    };
    let actor = &entry["attributes"]["relationships"]["actor"];
    json!({"object": entry["object"], "attributes": names(&entry["attributes"]), "actor": names(&actor["attributes"]),
        "image": actor["attributes"]["image"]})
}

/// Makes the same of what differs between two runs, and of what differs on purpose.
fn reconcile(name: &str, theirs: &mut Value, ours: &mut Value, parts: &mut BTreeSet<&'static str>) {
    let part = match name {
        "fingerprint" => Some("fingerprint"),
        "public_key" => Some("public_key"),
        "image_url_data" => Some("image_url_data"),
        "image" => Some("actor"),
        "next" | "previous" => Some("links"),
        "per_page" => Some("per_page"),
        "user" => Some("user"),
        "detail"
            if both_begin(theirs, ours, "The JSON data passed in the request appears to be malformed: ") =>
        {
            Some("malformed")
        }
        _ => None,
    };
    if let Some(part) = part {
        if theirs != ours {
            parts.insert(part);
        }
        let same = match part {
            "fingerprint" => text(ours).strip_prefix("SHA256:") == Some(text(theirs)),
            "links" => text(theirs).strip_prefix("http://127.0.0.1:8801") == Some(text(ours)),
            "per_page" => *ours == 25,
            "user" => ["uuid", "username", "email", "language"]
                .iter()
                .all(|name| ours[name].is_string() && (*name == "uuid" || ours[name] == theirs[name])),
            "public_key" => text(ours).split(' ').count() == 2,
            "image_url_data" => text(ours).starts_with("data:image/png;base64,"),
            _ => true,
        };
        if same {
            *theirs = ours.clone();
        }
        return;
    }
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            for (added, part) in
                [("expires_at", "expires_at"), ("token", "secret_token"), ("otpauth_uri", "image_url_data")]
            {
                if !theirs.contains_key(added) && ours.remove(added).is_some() {
                    parts.insert(part);
                }
            }
            for (name, theirs) in theirs.iter_mut() {
                if let Some(ours) = ours.get_mut(name) {
                    reconcile(name, theirs, ours, parts);
                }
            }
        }
        (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
            theirs.iter_mut().zip(ours).for_each(|(theirs, ours)| reconcile(name, theirs, ours, parts));
        }
        (Value::String(theirs), Value::String(ours)) if form(name, theirs) == form(name, ours) => {
            theirs.clone_from(ours);
        }
        _ => {}
    }
}

/// The form of a text that differs between any two runs; the text itself where none does.
fn form(name: &str, text: &str) -> String {
    let letters = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match name {
        "identifier" if text.len() == 16 && text.starts_with("ptlc_") => "an identifier".to_owned(),
        "secret_token" | "secret" | "tokens" if letters => format!("{} letters", text.len()),
        "created_at" | "last_used_at" | "timestamp" if text.len() == 25 && text.ends_with("+00:00") => {
            "a time".to_owned()
        }
        _ => text.to_owned(),
    }
}

fn both_begin(theirs: &Value, ours: &Value, beginning: &str) -> bool {
    text(theirs).starts_with(beginning) && text(ours).starts_with(beginning)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
