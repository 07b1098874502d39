//! Rust text as the facts read it: without comments, and without what only tests compile. It is a
//! reader of lines and quotes, not a parser, and errs on the side of keeping text.

/// The text with every comment blanked out; lines stay where they are, string literals stay whole.
pub(crate) fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        let taken = if rest.starts_with("//") {
            let end = rest.find('\n').unwrap_or(rest.len());
            rest = &rest[end..];
            continue;
        } else if rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |end| end + 2);
            kept.extend(rest[..end].chars().filter(|c| *c == '\n'));
            rest = &rest[end..];
            continue;
        } else {
            literal_length(rest).unwrap_or(next.len_utf8())
        };
        kept.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    kept
}

/// The length of the literal at the start, if there is one: strings and the characters that matter.
fn literal_length(rest: &str) -> Option<usize> {
    if let Some(after) = rest.strip_prefix('r') {
        let hashes = after.len() - after.trim_start_matches('#').len();
        if after[hashes..].starts_with('"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let start = 1 + hashes + 1;
            return Some(rest[start..].find(&close).map_or(rest.len(), |end| start + end + close.len()));
        }
    }
    for character in ["'\"'", "'\\''", "'/'", "'\\\\'"] {
        if rest.starts_with(character) {
            return Some(character.len());
        }
    }
    let mut escaped = false;
    let inside = rest.strip_prefix('"')?;
    for (at, character) in inside.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(at + 2),
            _ => {}
        }
    }
    Some(rest.len())
}

/// What is compiled outside tests: all before the module of unit tests at the end of the file.
pub(crate) fn without_tests(text: &str) -> &str {
    let test_modules = text.match_indices("#[cfg(test)]").filter(|(at, found)| {
        let after = text[at + found.len()..].trim_start();
        after.starts_with("mod ") && after.find('{') < after.find(';').or(Some(usize::MAX))
    });
    let end = test_modules.map(|(at, _)| at).next().unwrap_or(text.len());
    &text[..end]
}

/// Whether only tests compile the file.
pub(crate) fn is_test_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "tests.rs" || name.ends_with("_tests.rs") || path.split('/').any(|part| part == "tests")
}

/// The text without white space, for comparing attributes however they are wrapped.
pub(crate) fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

#[test]
fn comments_go_and_strings_stay() {
    let text =
        "let a = \"// kept\"; // gone\n/* gone\n too */ let b = r#\"/* kept */ \"#; let c = '\"'; // gone";
    assert_eq!(
        without_comments(text),
        "let a = \"// kept\"; \n\n let b = r#\"/* kept */ \"#; let c = '\"'; "
    );
    assert_eq!(without_comments(r#"f("\" // kept") // gone"#), r#"f("\" // kept") "#);
}

#[test]
fn the_module_of_unit_tests_is_left_out() {
    assert_eq!(without_tests("fn a() {}\n#[cfg(test)]\nmod tests {\n fn b() {} }"), "fn a() {}\n");
    let declared = "#[cfg(test)]\nmod tests;\nfn a() {}";
    assert_eq!(without_tests(declared), declared);
    assert!(is_test_file("crates/a/tests/it.rs") && is_test_file("crates/a/src/b/tests.rs"));
    assert!(!is_test_file("crates/a/src/attests.rs"));
}
