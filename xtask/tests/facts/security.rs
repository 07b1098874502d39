//! The pages that name tests name tests that exist.

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
