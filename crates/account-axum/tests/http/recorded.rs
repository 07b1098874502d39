//! What a running panel answered, asked of our server: everything is equal but what
//! `../recorded/differences.tsv` names, and everything that it names is different.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::raw_client::{Answer, Ask};
use crate::recorded_given::{Recreated, Template};
use crate::recorded_shape::{Sides, error_summary};
use crate::recorded_sign_in;

const EXCHANGES: &str = include_str!("../recorded/exchanges.jsonl");
const DIFFERENCES: &str = include_str!("../recorded/differences.tsv");

/// A row of the table that names one exchange.
struct Wanted {
    section: &'static str,
    name: &'static str,
    status: u16,
    /// The code and the rules, as [`error_summary`] writes them.
    summary: &'static str,
}

fn rows() -> impl Iterator<Item = Vec<&'static str>> {
    let rows = DIFFERENCES.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    rows.map(|line| {
        let cells: Vec<_> = line.split('\t').collect();
        assert_eq!(cells.len(), 5, "{line}");
        cells
    })
}

fn wanted_differences() -> Vec<Wanted> {
    rows()
        .filter(|cells| cells[0] != "everywhere")
        .map(|cells| Wanted {
            section: cells[0],
            name: cells[1],
            status: cells[2].parse().unwrap(),
            summary: cells[3],
        })
        .collect()
}

#[test]
fn our_server_answers_as_the_panel_did_but_for_what_the_table_names() {
    let wanted = wanted_differences();
    let template = Template::new();
    let mut met = BTreeSet::new();
    let mut parts = BTreeSet::new();
    let mut faults = Vec::new();
    let exchanges: Vec<Value> = EXCHANGES.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(exchanges.len(), 313);
    for exchange in &exchanges {
        let (section, name) = (exchange["section"].as_str().unwrap(), exchange["name"].as_str().unwrap());
        let given = template.at(section, name);
        let ours = replay(exchange, &given);
        let row = wanted.iter().position(|row| row.section == section && row.name == name);
        let found = match row {
            Some(row) => {
                met.insert(row);
                as_wanted(exchange, &ours, &wanted[row])
            }
            None => Sides { exchange, ours: &ours, same_history: given.same_history }.compare(&mut parts),
        };
        faults.extend(found.into_iter().map(|fault| format!("{section} | {name}: {fault}\n    {ours:?}")));
    }
    for (index, row) in wanted.iter().enumerate().filter(|(index, _)| !met.contains(index)) {
        faults.push(format!("row {index}: no exchange is called {} | {}", row.section, row.name));
    }
    for cells in rows().filter(|cells| cells[0] == "everywhere" && !parts.contains(cells[1])) {
        faults.push(format!("everywhere {}: nothing differs there", cells[1]));
    }
    for part in
        parts.iter().filter(|part| !rows().any(|cells| cells[0] == "everywhere" && cells[1] == **part))
    {
        faults.push(format!("everywhere {part}: differs, and is not in the table"));
    }
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// Sends the recorded request, with what stands for its secrets here.
fn replay(exchange: &Value, given: &Recreated) -> Answer {
    if exchange["section"].as_str().unwrap().starts_with("web_") {
        return given.house.send(&recorded_sign_in::ask(exchange, given));
    }
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let path = given.translated(&text(&exchange["path"]));
    let mut ask = Ask::new(&text(&exchange["method"]), &path);
    for (name, value) in exchange["request_headers"].as_object().unwrap() {
        ask = match name.as_str() {
            "Cookie" => ask.header("Cookie", given.session("bob")),
            _ => ask.header(name, given.translated(value.as_str().unwrap())),
        };
    }
    if let Some(body) = exchange["request_body"].as_str() {
        ask = ask.body(given.translated(body));
    }
    given.house.send(&ask)
}

/// Our answer is the one that the table wants, and the panel's was another.
fn as_wanted(exchange: &Value, ours: &Answer, wanted: &Wanted) -> Option<String> {
    let body = serde_json::from_slice(&ours.body).unwrap_or(Value::Null);
    let (status, summary) = (ours.status, error_summary(&body));
    if (status, summary.as_str()) != (wanted.status, wanted.summary) {
        return Some(format!(
            "the table wants {} {}, it is {status} {summary}",
            wanted.status, wanted.summary
        ));
    }
    let detail = |body: &Value| body["errors"][0]["detail"].clone();
    let theirs = (exchange["status"].as_u64(), error_summary(&exchange["body"]), detail(&exchange["body"]));
    (theirs == (Some(u64::from(status)), summary, detail(&body)))
        .then(|| "the table names it, and it is no difference".into())
}
