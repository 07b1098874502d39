//! What gives way to what, as the system sees the threads of a server that runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::http::ask;
use crate::program::{Place, Server, pause};

/// Threads of one name: how nice they are, and the processor time that they took, in nanoseconds.
#[derive(Debug, Default)]
struct Threads {
    niceness: BTreeSet<i64>,
    busy: u64,
}

/// By name, of which the system keeps fifteen characters.
fn threads(server: &Server) -> BTreeMap<String, Threads> {
    let folders = std::fs::read_dir(format!("/proc/{}/task", server.number())).unwrap();
    let mut found = BTreeMap::<String, Threads>::new();
    for folder in folders.map(|entry| entry.unwrap().path()) {
        let read = |file| std::fs::read_to_string(folder.join(file));
        // It may end meanwhile.
        let (Ok(name), Ok(stat), Ok(schedstat)) = (read("comm"), read("stat"), read("schedstat")) else {
            continue;
        };
        let threads = found.entry(name.trim_end().to_owned()).or_default();
        // proc(5): the niceness is the nineteenth field; the name, the second, may hold spaces.
        let niceness = stat.rsplit(')').next().unwrap().split(' ').nth(17).unwrap().parse();
        threads.niceness.insert(niceness.unwrap());
        threads.busy += schedstat.split(' ').next().unwrap().parse::<u64>().unwrap();
    }
    found
}

/// A thread takes its name and its priority when it runs for the first time, so it may be early to look.
fn settled(server: &Server, expected: &BTreeMap<&str, i64>) -> BTreeMap<String, Threads> {
    let mut found = threads(server);
    for _ in 0..1000 {
        let holds = |(name, niceness): (&&str, &i64)| {
            found.get(*name).is_some_and(|threads| threads.niceness == BTreeSet::from([*niceness]))
        };
        if expected.iter().all(holds) {
            return found;
        }
        pause(Duration::from_millis(10));
        found = threads(server);
    }
    panic!("{found:?}");
}

#[test]
fn hashing_commits_and_sign_ins_give_way_to_other_requests() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    let usual = *threads(&server)["account-server"].niceness.first().unwrap();
    let expected = BTreeMap::from([
        ("tokio-rt-worker", usual),
        ("password-hash", (usual + 10).min(19)),
        ("auth", (usual + 10).min(19)),
        ("account-sqlite", (usual + 5).min(19)),
        // The one that brings the log in, and the first that reads from a slow disk.
        ("account-sqlite-", usual),
    ]);
    let before = settled(&server, &expected)["auth"].busy;
    for _ in 0..100 {
        assert_eq!(ask(server.address, "GET", "/sanctum/csrf-cookie", "", "").status, 204);
    }
    // Until then it had nothing to do but to start.
    let after = threads(&server)["auth"].busy;
    assert!(after > before + 500_000, "{before} and {after}");
    server.stop();
}
