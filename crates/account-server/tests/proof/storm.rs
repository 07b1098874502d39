//! More sign-ins than passwords can be hashed: light requests go on, whoever cannot be served is told so,
//! and memory stays within bounds (REL-12).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::both_databases::{Kind, over_both_databases};
use crate::one_winner::by_key;
use crate::people::{PASSWORD, login};
use crate::rounds::{at_rank, proven, rounds};
use crate::turns::alone;

over_both_databases![rel_12_a_storm_of_sign_ins_leaves_light_reads_and_memory_alone];

const HASHING_THREADS: u64 = 2;
const MIB: u64 = 1024 * 1024;
/// Of one password that is being hashed.
const HASH: u64 = 19 * MIB;

fn rel_12_a_storm_of_sign_ins_leaves_light_reads_and_memory_alone(kind: Kind) {
    let _turn = alone();
    let at_once = if rounds() >= 100 { 500 } else { 64 };
    let database = kind.empty();
    let person = database.person("ada");
    let server = database.serve_with(&[("ACCOUNT_LIMITS", "off"), ("ACCOUNT_HASHING_THREADS", "2")]);
    server.send(&by_key(&person.token)).expect(200);
    let base = server.peak_memory();
    let over = AtomicBool::new(false);
    let (statuses, reads) = scope(|scope| {
        let reading = scope.spawn(|| {
            let (mut client, mut times) = (server.client(), Vec::new());
            while !over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                client.send(&by_key(&person.token)).expect(200);
                times.push(begun.elapsed());
                sleep(Duration::from_millis(5));
            }
            times
        });
        let storm: Vec<_> = (0..at_once)
            .map(|number| {
                let known = if number % 2 == 0 { "ada" } else { "nobody" };
                let ask = login(known, if number % 4 == 0 { PASSWORD } else { "a guess like any other" });
                scope.spawn(|| {
                    let ask = ask;
                    // Three one after the other: the queue is full more than once.
                    (0..3).map(|_| server.send(&ask)).collect::<Vec<_>>()
                })
            })
            .collect();
        let answers: Vec<_> = storm.into_iter().flat_map(|one| one.join().unwrap()).collect();
        over.store(true, Ordering::Relaxed);
        (answers, reading.join().unwrap())
    });
    let refused = statuses.iter().filter(|answer| answer.is_not_now()).count();
    for answer in &statuses {
        assert!(matches!(answer.status, 200 | 400) || answer.is_not_now(), "{answer:?}");
    }
    let peak = server.peak_memory();
    let bound = base + HASHING_THREADS * HASH + 64 * MIB;
    assert!(peak <= bound, "{} MiB, {} MiB at first", peak / MIB, base / MIB);
    let p95 = at_rank(&reads, 0.95);
    assert!(p95 < Duration::from_secs(1), "light reads: {p95:?}");
    server.send(&person.login()).expect(200);
    proven(
        &format!("{at_once} clients sign in at once, three times each, {}", kind.name()),
        &format!(
            "{} answers, {refused} of them 503; {} light reads, 95 % within {p95:.1?}; memory {} MiB, {} MiB before",
            statuses.len(),
            reads.len(),
            peak / MIB,
            base / MIB
        ),
    );
}
