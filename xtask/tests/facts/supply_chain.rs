//! What is built in from elsewhere: under which licences, from where, and cryptography once (SEC-71). It
//! asks cargo about this machine's build; known weaknesses are in a data base that no test here reaches.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::assert_none;
use crate::workspace::{packages, root};

/// Licences that ask for no more than a notice.
const LICENCES: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Crates that secrets go through.
const CRYPTOGRAPHY: [&str; 24] = [
    "aead",
    "argon2",
    "bcrypt",
    "blake2",
    "chacha20",
    "chacha20poly1305",
    "cipher",
    "curve25519-dalek",
    "digest",
    "ed25519-dalek",
    "elliptic-curve",
    "getrandom",
    "hkdf",
    "hmac",
    "p256",
    "poly1305",
    "rand_core",
    "ring",
    "rustls",
    "sha1",
    "sha2",
    "subtle",
    "totp-rs",
    "zeroize",
];

/// Those that are there twice, and who still wants the older one. One that is resolved leaves this list.
const TWICE: [(&str, &str); 5] = [
    ("cipher", "bcrypt"),
    ("digest", "ed25519-dalek and the NIST curves"),
    ("getrandom", "ring and bcrypt"),
    ("rand_core", "the NIST curves"),
    ("sha2", "ed25519-dalek"),
];

/// Whether an SPDX expression can be kept by keeping licences of the list.
fn allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = &words[..];
    let verdict = any_of(&mut rest);
    verdict && rest.is_empty()
}

fn any_of(words: &mut &[&str]) -> bool {
    let mut verdict = all_of(words);
    while take(words, "OR") {
        verdict |= all_of(words);
    }
    verdict
}

fn all_of(words: &mut &[&str]) -> bool {
    let mut verdict = one(words);
    while take(words, "AND") {
        verdict &= one(words);
    }
    verdict
}

fn one(words: &mut &[&str]) -> bool {
    if take(words, "(") {
        return any_of(words) & take(words, ")");
    }
    let Some((name, rest)) = words.split_first() else { return false };
    *words = rest;
    if !take(words, "WITH") {
        return LICENCES.contains(name);
    }
    let Some((exception, rest)) = words.split_first() else { return false };
    *words = rest;
    LICENCES.contains(&format!("{name} WITH {exception}").as_str())
}

fn take(words: &mut &[&str], wanted: &str) -> bool {
    let there = words.first() == Some(&wanted);
    if there {
        *words = &words[1..];
    }
    there
}

#[test]
fn a_licence_is_allowed_if_it_can_be_kept() {
    for good in [
        "MIT",
        "MIT/Apache-2.0",
        "Unlicense OR MIT",
        "GPL-3.0-only OR (MIT AND ISC)",
        "Apache-2.0 WITH LLVM-exception OR GPL-2.0-only",
    ] {
        assert!(allowed(good), "{good}");
    }
    for bad in
        ["", "GPL-3.0-only", "MIT AND GPL-3.0-only", "(MIT OR ISC) AND LGPL-3.0-only", "MIT ISC", "(MIT"]
    {
        assert!(!allowed(bad), "{bad}");
    }
}

#[test]
fn sec_71_every_package_that_is_built_or_tested_with_has_a_licence_of_the_list() {
    let packages = packages(&["--workspace", "-e", "normal,build,dev"]);
    assert!(packages.len() > 100, "{}", packages.len());
    let refused = packages.iter().filter(|package| !allowed(&package.licence));
    assert_none(
        &refused
            .map(|package| format!("{} {}: licence `{}`", package.name, package.version, package.licence))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn sec_71_cryptography_is_in_the_program_once_but_for_what_is_named() {
    let mut versions = BTreeMap::<String, BTreeSet<String>>::new();
    for package in packages(&["-p", "account-server", "-e", "normal"]) {
        versions.entry(package.name).or_default().insert(package.version);
    }
    let of = |name: &str| versions.get(name).map_or(0, BTreeSet::len);
    let mut faults = Vec::new();
    for name in CRYPTOGRAPHY {
        let known = TWICE.iter().any(|(twice, _)| *twice == name);
        match of(name) {
            0 => faults.push(format!("{name} is not in the program: take it from the list")),
            1 if known => faults.push(format!("{name} is in the program once: say so")),
            2.. if !known => faults.push(format!("{name} is in the program as {:?}", versions[name])),
            _ => {}
        }
    }
    assert_none(&faults);
}

#[test]
fn sec_71_all_comes_from_the_registry_with_a_checksum() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    let mut faults = Vec::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = ")).unwrap_or_default()
        };
        let (name, source, checksum) = (field("name"), field("source"), field("checksum"));
        if !source.is_empty() && (!source.starts_with("\"registry+") || checksum.is_empty()) {
            faults.push(format!("{name} comes from {source}, checksum {checksum}"));
        }
    }
    assert_none(&faults);
}
