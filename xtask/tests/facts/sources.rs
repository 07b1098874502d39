//! What no source file may hold: unfinished work, silenced lints, `unsafe`, tests that do not run, paths
//! of one machine, and more lines than a head takes in.

use crate::assert_none;
use crate::text::without_comments;
use crate::workspace::{Source, sources};

const MOST_LINES: usize = 700;

/// Split in two, so that this file does not find itself.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("to", "do!(", "unfinished work"),
    ("unimplement", "ed!(", "unfinished work"),
    ("#[ign", "ore", "a test that does not run"),
    ("#[al", "low(", "a silenced lint: `expect` it with a reason"),
    ("#![al", "low(", "a silenced lint: `expect` it with a reason"),
    ("uns", "afe {", "code the compiler cannot check"),
    ("uns", "afe fn ", "code the compiler cannot check"),
    ("uns", "afe impl ", "code the compiler cannot check"),
    ("uns", "afe extern ", "code the compiler cannot check"),
];

/// Folders of the machine a change was written on.
const MACHINE_PATHS: &[(&str, &str)] = &[("/wo", "rk/"), ("/ro", "ot/"), ("/tmp", "/wt")];

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn rust_faults(source: &Source) -> Vec<String> {
    let Source { path, text } = source;
    let code = without_comments(text);
    let mut faults = Vec::new();
    for (number, line) in code.lines().enumerate() {
        let found = FORBIDDEN.iter().find(|(start, end, _)| line.contains(&format!("{start}{end}")));
        faults.extend(found.map(|(start, end, why)| format!("{path}:{}: `{start}{end}`: {why}", number + 1)));
    }
    let lines = text.lines().count();
    if lines > MOST_LINES {
        faults.push(format!("{path}: {lines} lines, {MOST_LINES} at the most"));
    }
    faults
}

fn path_faults(source: &Source) -> Vec<String> {
    let lines = source.text.lines().enumerate();
    let found = lines.filter(|(_, line)| {
        MACHINE_PATHS.iter().any(|(start, end)| stands_alone(line, &format!("{start}{end}")))
    });
    found.map(|(number, _)| format!("{}:{}: a path of one machine", source.path, number + 1)).collect()
}

/// Whether the path starts there: `/a/` does in `"/a/b"`, not in `c/a/b`.
fn stands_alone(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        !line[..at].ends_with(|before: char| before.is_alphanumeric() || "._-/{}".contains(before))
    })
}

#[test]
fn no_source_is_unfinished_unsafe_silenced_or_too_long() {
    assert_none(&sources(is_rust).iter().flat_map(rust_faults).collect::<Vec<_>>());
}

#[test]
fn no_file_names_a_path_of_one_machine() {
    let all = sources(|path| path != "Cargo.lock");
    assert_none(&all.iter().flat_map(path_faults).collect::<Vec<_>>());
}

#[test]
fn what_is_forbidden_is_found_in_code_and_not_in_comments() {
    let faults = |text: String| rust_faults(&Source { path: "a.rs".to_owned(), text });
    for (start, end, why) in FORBIDDEN {
        let planted = faults(format!("fn a() {{}}\n  {start}{end}"));
        assert!(
            planted.iter().any(|fault| fault.starts_with("a.rs:2:") && fault.ends_with(why)),
            "{start}{end}"
        );
        assert_eq!(faults(format!("// {start}{end}")), Vec::<String>::new());
    }
    assert_eq!(faults("\n".repeat(MOST_LINES)), Vec::<String>::new());
    assert_eq!(faults("\n".repeat(MOST_LINES + 1)), ["a.rs: 701 lines, 700 at the most"]);
}

#[test]
fn a_path_of_one_machine_is_found_and_a_part_of_another_is_not() {
    let (start, end) = MACHINE_PATHS[0];
    assert!(stands_alone(&format!("see \"{start}{end}notes\""), &format!("{start}{end}")));
    assert!(!stands_alone(&format!("see docs{start}{end}notes"), &format!("{start}{end}")));
}
