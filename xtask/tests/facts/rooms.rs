//! How each crate is furnished: the workspace's lints, the lints that keep panics out of what runs,
//! and rooms named after what is in them.

use crate::assert_none;
use crate::text::squeezed;
use crate::workspace::{Crate, crates, files, root, sources};

/// Denied outside tests in every crate: nothing panics on input.
const NO_PANICS: [&str; 4] =
    ["clippy::unwrap_used", "clippy::expect_used", "clippy::panic", "clippy::indexing_slicing"];
/// Denied in the core as well: numbers from outside must not wrap or overflow.
const NO_OVERFLOW: &str = "clippy::arithmetic_side_effects";

/// Names that say nothing about what is inside.
const NAMELESS: [&str; 9] =
    ["utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "lib_utils"];

fn missing_denials(name: &str, text: &str) -> Vec<String> {
    let text = squeezed(text);
    let denied = text.split_once("#![cfg_attr(not(test),deny(").and_then(|(_, after)| after.split_once(')'));
    let denied: Vec<&str> = denied.map_or(Vec::new(), |(list, _)| list.split(',').collect());
    let core = (name == "account-core").then_some(NO_OVERFLOW);
    let wanted = NO_PANICS.into_iter().chain(core);
    wanted.filter(|lint| !denied.contains(lint)).map(str::to_owned).collect()
}

fn is_crate_root(path: &str, one: &Crate) -> bool {
    let Some(inside) = path.strip_prefix(&one.folder).and_then(|rest| rest.strip_prefix("/src/")) else {
        return false;
    };
    inside == "lib.rs" || inside == "main.rs" || (inside.starts_with("bin/") && inside.ends_with(".rs"))
}

fn nameless(path: &str) -> bool {
    path.ends_with(".rs")
        && path.split('/').any(|part| NAMELESS.contains(&part.strip_suffix(".rs").unwrap_or(part)))
}

#[test]
fn every_crate_has_the_lints_of_the_workspace() {
    let mut faults = Vec::new();
    for one in crates() {
        let manifest =
            std::fs::read_to_string(root().join(&one.folder).join("Cargo.toml")).expect("a manifest");
        if !manifest.contains("[lints]\nworkspace = true") {
            faults.push(format!("{}: its manifest does not inherit the workspace's lints", one.name));
        }
    }
    assert_none(&faults);
}

#[test]
fn sec_70_unsafe_is_forbidden_and_overflow_is_checked_everywhere() {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).expect("a manifest");
    assert!(manifest.contains("unsafe_code = \"forbid\""));
    assert!(manifest.contains("[profile.release]\noverflow-checks = true"));
}

#[test]
fn sec_70_every_crate_denies_what_panics_outside_its_tests() {
    let mut faults = Vec::new();
    for one in crates() {
        let roots = sources(|path| is_crate_root(path, &one));
        assert!(!roots.is_empty(), "{} has no root file", one.name);
        for source in roots {
            let missing = missing_denials(&one.name, &source.text);
            faults.extend(missing.iter().map(|lint| format!("{}: does not deny {lint}", source.path)));
        }
    }
    assert_none(&faults);
}

#[test]
fn every_room_is_named_after_what_is_in_it() {
    let found = files().into_iter().filter(|path| nameless(path));
    assert_none(&found.map(|path| format!("{path}: a name that says nothing")).collect::<Vec<_>>());
}

#[test]
fn a_missing_denial_and_a_nameless_room_are_found() {
    let three =
        "#![cfg_attr(\n not(test),\n deny(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)\n)]";
    assert_eq!(missing_denials("account-axum", three), ["clippy::expect_used"]);
    assert_eq!(missing_denials("account-core", three), ["clippy::expect_used", NO_OVERFLOW]);
    assert_eq!(missing_denials("account-axum", "").len(), NO_PANICS.len());
    assert!(nameless("crates/a/src/utils.rs") && nameless("crates/a/tests/common/mod.rs"));
    assert!(!nameless("crates/a/src/commons.rs") && !nameless("docs/common/page.md"));
}
