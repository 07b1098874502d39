//! The README's example is the one that is compiled, and its two commands are there.

use std::fs;

use super::workspace::root;

#[test]
fn the_example_in_the_readme_is_the_one_that_is_compiled() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    let example =
        fs::read_to_string(root().join("crates/account-axum/examples/embed.rs")).expect("an example");
    let shown = readme.split("<!-- embed.rs -->\n```rust\n").nth(1).expect("the example's place");
    assert!(
        shown.starts_with(&format!("{example}```")),
        "copy crates/account-axum/examples/embed.rs into the README"
    );
}

#[test]
fn the_readme_names_the_only_two_commands_that_a_newcomer_needs() {
    let readme = fs::read_to_string(root().join("README.md")).expect("a README");
    for command in ["\ncargo run -- try\n", "\ncargo xtask test\n"] {
        assert!(readme.contains(command), "{command:?}");
    }
}
