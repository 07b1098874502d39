//! The table that is printed, and the file that programs read.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::bars::{MEASURES, Measure};
use super::options::ENOUGH;
use super::samples::Samples;

/// Both tables in Markdown, which reads well on a terminal too.
pub(super) fn table(samples: &Samples, facts: &[(&str, String)]) -> String {
    let mut text = String::from("| measure | bar | median | range | |\n|---|---|---|---|---|\n");
    for measure in &MEASURES {
        text.push_str(&row(measure, samples));
    }
    text.push_str("\n| value | median | range |\n|---|---|---|\n");
    let others = samples.iter().filter(|(name, _)| MEASURES.iter().all(|measure| measure.name != *name));
    for (name, _) in others {
        let (Some(median), Some((least, most))) = (samples.median(name), samples.range(name)) else {
            continue;
        };
        let line = format!("| {name} | {} | {} – {} |\n", number(median), number(least), number(most));
        text.push_str(&line);
    }
    text.push('\n');
    for (name, fact) in facts {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "- {name}: {fact}");
    }
    text
}

fn row(measure: &Measure, samples: &Samples) -> String {
    let bar = with_unit(&format!("{} {}", measure.bar.sign(), number(measure.bar.number())), measure.unit);
    let (Some(value), Some((least, most))) = (measure.value(samples), samples.range(measure.name)) else {
        return format!("| {} | {bar} | not measured | | |\n", measure.words);
    };
    let verdict = if measure.bar.holds(value) { "holds" } else { "**MISSED**" };
    let few = if samples.count(measure.name) < ENOUGH { ", in too few repetitions" } else { "" };
    let value = with_unit(&number(value), measure.unit);
    format!(
        "| {} | {bar} | {value} | {} – {} | {verdict}{few} |\n",
        measure.words,
        number(least),
        number(most)
    )
}

fn with_unit(number: &str, unit: &str) -> String {
    if unit.is_empty() { number.to_owned() } else { format!("{number} {unit}") }
}

/// Three digits that count.
pub(super) fn number(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude >= 100.0 || value == 0.0 {
        format!("{value:.0}")
    } else if magnitude >= 10.0 {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// Everything, sample by sample.
pub(super) fn json(samples: &Samples, facts: &[(&str, String)]) -> String {
    let measures: Vec<Value> = MEASURES
        .iter()
        .map(|measure| {
            json!({
                "name": measure.name,
                "words": measure.words,
                "bar": measure.bar.number(),
                "side": measure.bar.sign(),
                "value": measure.value(samples),
                "holds": measure.holds(samples),
            })
        })
        .collect();
    let all: Map<String, Value> =
        samples.iter().map(|(name, values)| (name.to_owned(), json!(values))).collect();
    let facts: Map<String, Value> =
        facts.iter().map(|(name, fact)| ((*name).to_owned(), json!(fact))).collect();
    format!("{:#}\n", json!({ "machine": facts, "measures": measures, "samples": all }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missed_bar_and_what_was_not_measured_stand_in_the_table() {
        let mut samples = Samples::default();
        samples.add("key/sqlite", 0.80);
        samples.add("key/sqlite", 0.84);
        for _ in 0..ENOUGH {
            samples.add("session/sqlite", 0.9);
        }
        samples.add("rate/sqlite/floor", 56_123.4);
        let text = table(&samples, &[("cores", "2".to_owned())]);
        assert!(text.contains(
            "| read by key, SQLite, against the floor | ≥ 0.85 | 0.82 | 0.80 – 0.84 | **MISSED**, in too few repetitions |"
        ));
        assert!(text.contains("| ≥ 0.80 | 0.90 | 0.90 – 0.90 | holds |"));
        assert!(text.contains("| memory, idle | ≤ 16.0 MiB | not measured | | |"));
        assert!(text.contains("| rate/sqlite/floor | 56123 |"));
        assert!(text.contains("- cores: 2"));
    }

    #[test]
    fn the_file_holds_every_sample() {
        let mut samples = Samples::default();
        samples.add("key/sqlite", 0.9);
        let value: Value = serde_json::from_str(&json(&samples, &[])).unwrap();
        assert_eq!(value["samples"]["key/sqlite"], json!([0.9]));
        assert_eq!(value["measures"][0]["holds"], json!(true));
        assert_eq!(value["measures"][1]["holds"], Value::Null);
    }
}
