//! PostgreSQL goes away and comes back while the server runs: it says "not now", lives on, forgets nobody's
//! credentials, and works again by itself (REL-04, REL-05).

use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use crate::api_client::{Answer, Ask};
use crate::both_databases::Database;
use crate::cluster::Cluster;
use crate::killed::{settle, wait_until_ready};
use crate::load::{Ended, Writer, under_load};
use crate::people::{ACCOUNT, PASSWORD, account_by, login};
use crate::program::Server;
use crate::rounds::{proven, rounds};
use crate::turns::{alone, beside_others};

/// What takes longer than this is no answer "within seconds".
const SECONDS: Duration = Duration::from_secs(5);

/// A PostgreSQL of the test's own, a server on it, and its users.
struct Outage {
    cluster: Cluster,
    server: Server,
    writers: Vec<Writer>,
    cookie: String,
}

impl Outage {
    fn prepare() -> Self {
        let cluster = Cluster::start();
        let database = Database::at(cluster.url());
        let writers = Writer::crew(&database, ["ada", "bob", "cleo"]);
        let server = database.serve();
        let cookie = writers[0].person.session(server.address, PASSWORD);
        // The keyring was read at the start; nothing else is needed of the folder.
        drop(database);
        Self { cluster, server, writers, cookie }
    }

    /// Everything that a user may ask meanwhile; the slowest answer's time.
    fn ask_meanwhile(&self, token: &str) -> Duration {
        let asks = [
            Ask::get(ACCOUNT).bearer(token),
            account_by(&self.cookie),
            login("ada", PASSWORD),
            login("nobody-at-all", PASSWORD),
            Ask::get(ACCOUNT).bearer("ptlc_AAAAAAAAAAABBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"),
        ];
        let asked = asks.map(|ask| {
            let begun = Instant::now();
            let answer = self.server.send(&ask);
            assert!(answer.is_not_now(), "{ask:?}: {answer:?}");
            begun.elapsed()
        });
        asked.into_iter().max().unwrap()
    }
}

#[test]
fn rel_04_postgres_stopped_under_load_is_not_now_and_then_work_again() {
    let _turn = beside_others();
    let mut outage = Outage::prepare();
    let token = outage.writers[0].person.token.clone();
    let (mut slowest, mut longest_return) = (Duration::ZERO, Duration::ZERO);
    let (mut answers, mut refusals, mut acknowledged) = (0, 0, 0);
    for _ in 0..rounds().min(20) {
        let mut writers = std::mem::take(&mut outage.writers);
        let address = outage.server.address;
        let ((), ended) = under_load(&mut writers, &[address], |progress| {
            progress.wait_for(40);
            outage.cluster.stop();
            slowest = slowest.max(outage.ask_meanwhile(&token));
            assert_eq!(outage.server.status_of("/health/live"), 200);
            assert_eq!(outage.server.status_of("/health/ready"), 503);
            outage.cluster.run();
            longest_return = longest_return.max(wait_until_ready(&outage.server));
            progress.wait_for(40);
        });
        refusals += only_answers_of_an_outage(&ended);
        answers += ended.len();
        slowest = slowest.max(ended.iter().map(|one| one.took).max().unwrap());
        acknowledged += settle(&mut writers, &outage.server).acknowledged;
        outage.writers = writers;
        // Nobody was signed out.
        outage.server.send(&account_by(&outage.cookie)).expect(200);
    }
    assert!(refusals > 0, "nobody noticed");
    assert!(slowest < SECONDS, "an answer took {slowest:?}");
    assert!(longest_return < SECONDS, "ready only {longest_return:?} after PostgreSQL");
    proven(
        "PostgreSQL stopped under load: 503, alive, back without a restart",
        &format!(
            "{} stops, {answers} answers, {refusals} of them 503, slowest {slowest:.1?}, ready {longest_return:.1?} \
             after the return, {acknowledged} acknowledged writes found",
            rounds().min(20)
        ),
    );
}

#[test]
fn rel_05_a_frozen_postgres_is_answered_for_in_time() {
    let _turn = alone();
    let mut outage = Outage::prepare();
    let mut writers = std::mem::take(&mut outage.writers);
    let token = writers[0].person.token.clone();
    let address = outage.server.address;
    let (slowest, ended) = under_load(&mut writers, &[address], |progress| {
        progress.wait_for(40);
        outage.cluster.freeze();
        let outage = &outage;
        let slowest = scope(|scope| {
            let asking = scope.spawn(|| outage.ask_meanwhile(&token));
            for _ in 0..10 {
                let begun = Instant::now();
                assert_eq!(outage.server.status_of("/health/live"), 200);
                assert!(begun.elapsed() < Duration::from_secs(1), "the living took {:?}", begun.elapsed());
                sleep(Duration::from_millis(100));
            }
            assert_eq!(outage.server.status_of("/health/ready"), 503);
            asking.join().unwrap()
        });
        outage.cluster.thaw();
        wait_until_ready(&outage.server);
        progress.wait_for(40);
        slowest
    });
    only_answers_of_an_outage(&ended);
    settle(&mut writers, &outage.server);
    outage.server.send(&account_by(&outage.cookie)).expect(200);
    assert!(slowest < Duration::from_secs(12), "an answer took {slowest:?}");
    proven(
        "PostgreSQL frozen: 503 in time, alive, back without a restart",
        &format!("slowest {slowest:.1?}"),
    );
}

/// How many were "not now"; any other must be an answer to what was asked.
fn only_answers_of_an_outage(ended: &[Ended]) -> usize {
    let answers: Vec<&Answer> = ended
        .iter()
        .map(|one| one.how.as_ref().unwrap_or_else(|lost| panic!("no answer: {lost:?}")))
        .collect();
    let odd = answers.iter().find(|answer| !matches!(answer.status, 200 | 204) && !answer.is_not_now());
    assert!(odd.is_none(), "{odd:?}");
    answers.iter().filter(|answer| answer.status == 503).count()
}
