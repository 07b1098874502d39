//! SQL is text that stands in the source: values are bound, never written into it. This reads the
//! crates that speak SQL for statements made by formatting or by joining strings.

use crate::assert_none;
use crate::text::{is_test_file, without_comments, without_tests};
use crate::workspace::{Source, sources};

const ADAPTERS: [&str; 2] = ["crates/account-sqlite/src/", "crates/account-postgres/src/"];

/// Where sqlx is told to trust the caller: text of literals and numbers alone, and tests' databases.
const TRUSTED: [&str; 2] =
    ["crates/account-postgres/src/statement.rs", "crates/account-postgres/src/scratch.rs"];

/// What makes text out of values.
const MAKERS: [&str; 4] = ["format!(", "format_args!(", "write!(", "push_str("];

/// Words that follow each other in a statement and hardly in a message.
const STATEMENTS: [(&str, &str); 14] = [
    ("select ", " from "),
    ("select ", "$"),
    ("insert ", "into "),
    ("update ", " set "),
    ("delete ", "from "),
    ("create ", "table "),
    ("create ", "index "),
    ("alter ", "table "),
    ("drop ", "table "),
    ("pragma ", " = "),
    ("savepoint ", "{"),
    (" where ", " = "),
    ("values ", "("),
    ("order ", "by "),
];

fn faults(source: &Source) -> Vec<String> {
    let code = without_comments(without_tests(&source.text));
    let mut faults = Vec::new();
    for maker in MAKERS {
        let made =
            code.match_indices(maker).filter(|(at, _)| is_statement(argument(&code[at + maker.len()..])));
        faults.extend(made.map(|(at, _)| {
            let line = code[..at].lines().count();
            format!("{}:{line}: SQL made with `{maker}…)`: bind the values", source.path)
        }));
    }
    // sqlx takes constant text only, unless it is told to trust the caller.
    if code.contains(concat!("AssertSql", "Safe")) && !TRUSTED.contains(&source.path.as_str()) {
        faults.push(format!("{}: SQL that is not constant", source.path));
    }
    faults
}

/// What stands between a bracket that is open already and its end.
fn argument(after: &str) -> &str {
    let mut depth = 1_usize;
    for (at, character) in after.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return &after[..at];
        }
    }
    after
}

fn is_statement(text: &str) -> bool {
    let text = text.to_ascii_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    STATEMENTS.iter().any(|(first, second)| {
        text.match_indices(first).any(|(at, _)| {
            let starts_a_word = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            starts_a_word && text[at + first.trim_end().len()..].contains(second)
        })
    })
}

#[test]
fn sec_58_no_statement_is_made_from_values() {
    let own = sources(|path| {
        path.ends_with(".rs") && !is_test_file(path) && ADAPTERS.iter().any(|folder| path.starts_with(folder))
    });
    assert!(own.len() >= ADAPTERS.len(), "the adapters' sources were not found");
    assert_none(&own.iter().flat_map(faults).collect::<Vec<_>>());
}

#[test]
fn a_statement_made_from_values_is_found_and_a_message_is_not() {
    let faults = |text: &str| faults(&Source { path: "a.rs".to_owned(), text: text.to_owned() });
    for planted in [
        "let sql = format!(\"SELECT id\n FROM account WHERE name = '{name}'\");",
        "query.push_str(\" where id = \")",
        "write!(sql, \"insert into account values ({id})\")",
        "format!(\"pragma user_version = {version}\")",
    ] {
        assert_eq!(faults(&format!("\n{planted}")).len(), 1, "{planted}");
    }
    for harmless in [
        "format!(\"cannot update {name}\")",
        "format!(\"selected {a}, taken from {b}\")",
        "// format!(\"select a from {b}\")",
        "#[cfg(test)]\nmod tests { fn a() { format!(\"select a from {b}\"); } }",
    ] {
        assert_eq!(faults(harmless), Vec::<String>::new(), "{harmless}");
    }
}
