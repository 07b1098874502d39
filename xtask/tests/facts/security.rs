//! The pages that name tests name tests that exist, and each requirement has one or says why not.

use std::collections::BTreeSet;
use std::fs;

use super::assert_none;
use super::workspace::{root, sources};

#[test]
fn every_test_that_a_page_names_exists() {
    let pages = ["docs/security.md", "docs/architecture.md"];
    let read = |page| fs::read_to_string(root().join(page)).expect("the page");
    let page = pages.map(read).join("` `");
    let named: BTreeSet<&str> = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| {
            name.matches('_').count() >= 4
                && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        })
        .collect();
    assert!(named.len() > 50, "the page names its tests in backquotes");
    let sources = sources(|path| path.ends_with(".rs"));
    let lost = named
        .iter()
        .filter(|name| !sources.iter().any(|source| source.text.contains(&format!("fn {name}("))));
    assert_none(&lost.map(|name| format!("a page names `{name}`, which is no test")).collect::<Vec<_>>());
}

#[test]
fn every_requirement_has_a_test_with_its_number_or_a_reason() {
    let page = fs::read_to_string(root().join("docs/security.md")).expect("the page");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter(|line| line.starts_with("| SEC-") || line.starts_with("| REL-"))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert!(rows.len() > 70, "a row a requirement");
    let bare = rows.iter().filter(|cells| {
        let [_, row, tests, note, ..] = cells[..] else { return true };
        let number = row.to_ascii_lowercase().replace('-', "_");
        let (kind, digits) = number.split_once('_').unwrap_or_default();
        let has_test = tests.contains(&number)
            || tests.contains(&format!("{kind}_")) && tests.contains(&format!("_and_{digits}_"));
        !has_test && note.is_empty()
    });
    assert_none(
        &bare.map(|cells| format!("{} has neither a test nor a reason", cells[1])).collect::<Vec<_>>(),
    );
}
