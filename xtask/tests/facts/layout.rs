//! What lies at the top of the workspace: few things, each with a name that everyone knows.

use crate::assert_none;
use crate::workspace::files;

const ALLOWED: [&str; 9] = [
    "CHANGELOG.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "crates",
    "docs",
    "xtask",
];

fn faults(files: &[String]) -> Vec<String> {
    let mut top: Vec<&str> = files.iter().filter_map(|file| file.split('/').next()).collect();
    top.dedup();
    let strange = top.iter().filter(|name| !name.starts_with('.') && !ALLOWED.contains(name));
    let missing = ALLOWED.iter().filter(|name| !top.contains(name));
    let strange = strange.map(|name| format!("{name} does not belong at the top of the workspace"));
    strange.chain(missing.map(|name| format!("{name} is missing at the top of the workspace"))).collect()
}

#[test]
fn the_top_of_the_workspace_holds_what_it_should_and_nothing_else() {
    assert_none(&faults(&files()));
}

#[test]
fn a_strange_and_a_missing_file_are_found() {
    let mut planted: Vec<String> = ALLOWED[1..].iter().map(|name| (*name).to_owned()).collect();
    planted.extend([".gitignore".to_owned(), "scratch/notes.md".to_owned()]);
    assert_eq!(
        faults(&planted),
        [
            "scratch does not belong at the top of the workspace",
            "CHANGELOG.md is missing at the top of the workspace",
        ]
    );
}
