//! Which crate may know which: the picture of `docs/architecture.md` as a table. Our own crates are
//! checked edge by edge, others' through the whole tree of what is built in. Versions are not
//! looked at.

use crate::assert_none;
use crate::workspace::{Crate, crates, tree};

/// A crate of ours and what it may depend on among ours; `banned` must not be built into it, however
/// indirectly.
struct Row {
    name: &'static str,
    normal: &'static [&'static str],
    dev: &'static [&'static str],
    banned: &'static [&'static str],
}

const HTTP: &[&str] = &["axum", "axum-core", "hyper", "actix-web"];
const SQLITE: &[&str] = &["rusqlite", "libsqlite3-sys", "sqlx-sqlite"];
const SQLX: &[&str] = &["sqlx", "sqlx-core", "sqlx-postgres"];

const TABLE: &[Row] = &[
    Row { name: "account-core", normal: &[], dev: &["account-testkit"], banned: &[] },
    Row { name: "account-sqlite", normal: &["account-core"], dev: &["account-testkit"], banned: &[] },
    Row {
        name: "account-postgres",
        normal: &["account-core"],
        // Itself, with the feature that makes databases for tests.
        dev: &["account-testkit", "account-postgres"],
        banned: SQLITE,
    },
    Row {
        name: "account-axum",
        normal: &["account-core"],
        dev: &["account-testkit", "account-sqlite", "account-postgres"],
        banned: SQLITE,
    },
    Row { name: "account-testkit", normal: &["account-core"], dev: &[], banned: SQLITE },
    Row {
        name: "account-pages",
        normal: &["account-core", "account-axum"],
        dev: &["account-testkit", "account-sqlite"],
        banned: SQLITE,
    },
    Row {
        name: "account-server",
        normal: &["account-core", "account-sqlite", "account-postgres", "account-axum", "account-pages"],
        // With the feature that makes databases for tests.
        dev: &["account-testkit", "account-postgres"],
        banned: &[],
    },
    Row {
        name: "account-bench",
        normal: &["account-core", "account-sqlite", "account-postgres", "account-axum"],
        dev: &["account-postgres"],
        banned: &[],
    },
    Row { name: "xtask", normal: &[], dev: &[], banned: &["tokio"] },
];

/// Who else must not be built in, beyond what the row says.
const ALSO_BANNED: &[(&str, &[&[&str]])] = &[
    ("account-sqlite", &[HTTP, SQLX]),
    ("account-postgres", &[HTTP]),
    ("account-axum", &[SQLX]),
    ("account-testkit", &[HTTP, SQLX]),
    ("account-pages", &[SQLX]),
    ("xtask", &[HTTP, SQLX, SQLITE]),
];

/// Input and output in any form: the core has its ports instead.
const NOT_IN_THE_CORE: &[&str] = &[
    "actix-rt",
    "actix-web",
    "async-executor",
    "async-global-executor",
    "async-io",
    "async-net",
    "async-std",
    "axum",
    "axum-core",
    "diesel",
    "futures-executor",
    "h2",
    "http",
    "http-body",
    "hyper",
    "hyper-util",
    "lettre",
    "libsqlite3-sys",
    "mio",
    "native-tls",
    "polling",
    "redb",
    "reqwest",
    "rusqlite",
    "rustls",
    "sea-orm",
    "smol",
    "socket2",
    "sqlx",
    "sqlx-core",
    "sqlx-postgres",
    "sqlx-sqlite",
    "tokio",
    "tokio-postgres",
    "tokio-rustls",
    "tokio-util",
    "tonic",
    "tower",
    "tower-http",
    "tracing-subscriber",
    "ureq",
];

/// Every crate that the core names in its manifest. A new one is a decision: add it here too.
const CORE_DEPENDENCIES: &[&str] = &[
    "argon2",
    "async-lock",
    "async-trait",
    "bcrypt",
    "chacha20poly1305",
    "crc32fast",
    "data-encoding",
    "ed25519-dalek",
    "futures-channel",
    "getrandom",
    "hkdf",
    "hmac",
    "idna",
    "ipnet",
    "p256",
    "p384",
    "p521",
    "png",
    "qrcodegen",
    "serde",
    "serde_json",
    "sha2",
    "ssh-key",
    "subtle",
    "thiserror",
    "totp-rs",
    "unicode-normalization",
    "zeroize",
];

fn faults_of(all: &[Crate]) -> Vec<String> {
    let ours: Vec<&str> = all.iter().map(|one| one.name.as_str()).collect();
    let mut faults = Vec::new();
    for one in all {
        let Some(row) = TABLE.iter().find(|row| row.name == one.name) else {
            faults.push(format!("{}: a new crate needs a row in the table of edges", one.name));
            continue;
        };
        for (kind, found, allowed) in [("", &one.normal, row.normal), ("tests of ", &one.dev, row.dev)] {
            let inside = found.iter().filter(|name| ours.contains(&name.as_str()));
            for name in inside.filter(|name| !allowed.contains(&name.as_str())) {
                faults.push(format!("{kind}{} must not depend on {name}", one.name));
            }
        }
    }
    faults
}

#[test]
fn each_crate_depends_on_those_of_its_floor_alone() {
    assert_none(&faults_of(&crates()));
}

#[test]
fn what_a_crate_must_not_know_is_not_built_into_it() {
    let mut faults = Vec::new();
    for one in crates() {
        let row = TABLE.iter().find(|row| row.name == one.name).map_or(&[][..], |row| row.banned);
        let also =
            ALSO_BANNED.iter().filter(|(name, _)| *name == one.name).flat_map(|(_, lists)| lists.iter());
        let banned: Vec<&str> =
            row.iter().copied().chain(also.flat_map(|list| list.iter().copied())).collect();
        if banned.is_empty() {
            continue;
        }
        let built_in = tree(&one.name);
        let known = banned.iter().filter(|name| built_in.iter().any(|found| found == *name));
        faults.extend(known.map(|name| format!("{} must not know {name}", one.name)));
    }
    assert_none(&faults);
}

#[test]
fn sec_72_the_core_is_built_without_a_runtime_a_network_or_a_database() {
    let built_in = tree("account-core");
    let found = built_in.iter().filter(|name| NOT_IN_THE_CORE.contains(&name.as_str()));
    assert_none(&found.map(|name| format!("account-core must not know {name}")).collect::<Vec<_>>());
}

#[test]
fn sec_72_the_core_names_the_crates_on_its_list_and_no_other() {
    let all = crates();
    let core = all.iter().find(|one| one.name == "account-core").expect("account-core is a crate");
    let others = core.normal.iter().filter(|name| !CORE_DEPENDENCIES.contains(&name.as_str()));
    assert_none(&others.map(|name| format!("account-core: {name} is not on the list")).collect::<Vec<_>>());
}

#[test]
fn a_forbidden_edge_and_a_crate_without_a_row_are_found() {
    let one = |name: &str, normal: &[&str], dev: &[&str]| Crate {
        name: name.to_owned(),
        folder: String::new(),
        normal: normal.iter().map(|name| (*name).to_owned()).collect(),
        dev: dev.iter().map(|name| (*name).to_owned()).collect(),
    };
    let planted = [
        one("account-core", &["serde"], &[]),
        one("account-sqlite", &["account-core", "rusqlite"], &["account-testkit"]),
        one("account-axum", &["account-core", "account-sqlite"], &["account-sqlite"]),
        one("account-testkit", &["account-core"], &["account-sqlite"]),
        one("account-attic", &[], &[]),
    ];
    assert_eq!(
        faults_of(&planted),
        [
            "account-axum must not depend on account-sqlite",
            "tests of account-testkit must not depend on account-sqlite",
            "account-attic: a new crate needs a row in the table of edges",
        ]
    );
}
