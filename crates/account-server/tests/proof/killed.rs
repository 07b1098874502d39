//! `kill -9`, of the server and of PostgreSQL: what was acknowledged is there, what was not is there as a
//! whole or not at all (REL-01).

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::both_databases::{Database, Kind, over_both_databases};
use crate::cluster::Cluster;
use crate::ledger::Settled;
use crate::load::{Writer, under_load};
use crate::program::Server;
use crate::rounds::{Dice, proven, rounds};
use crate::turns::beside_others;

over_both_databases![rel_01_every_acknowledged_write_survives_a_killed_server];

fn rel_01_every_acknowledged_write_survives_a_killed_server(kind: Kind) {
    let _turn = beside_others();
    let database = kind.empty();
    let mut writers = Writer::crew(&database, ["ada", "bob", "cleo", "dan"]);
    let (mut dice, mut server) = (Dice::new(7), database.serve());
    let (mut answers, mut all) = (0, Settled::default());
    for _ in 0..rounds() {
        let address = server.address;
        let ((), ended) = under_load(&mut writers, &[address], |progress| {
            progress.wait_for(10 + dice.roll(90));
            server.kill();
        });
        answers += ended.iter().filter(|ended| ended.how.is_ok()).count();
        server = database.serve();
        add(&mut all, settle(&mut writers, &server));
        database.check_integrity();
    }
    proven(
        &format!("kill -9 of the server under load, {}", kind.name()),
        &format!(
            "{} kills, {answers} answers, {} acknowledged writes found, {} unanswered ones ({} whole, the others absent)",
            rounds(),
            all.acknowledged,
            all.in_doubt,
            all.happened
        ),
    );
}

#[test]
fn rel_01_every_acknowledged_write_survives_a_killed_postgres() {
    let _turn = beside_others();
    let mut cluster = Cluster::start();
    let database = Database::at(cluster.url());
    let mut writers = Writer::crew(&database, ["ada", "bob", "cleo", "dan"]);
    let (mut dice, server) = (Dice::new(11), database.serve());
    let (mut answers, mut all) = (0, Settled::default());
    for _ in 0..rounds() {
        let ((), ended) = under_load(&mut writers, &[server.address], |progress| {
            progress.wait_for(10 + dice.roll(90));
            cluster.kill();
            cluster.run();
            wait_until_ready(&server);
        });
        for one in &ended {
            let answer = one.how.as_ref().unwrap_or_else(|lost| panic!("no answer: {lost:?}"));
            assert!(matches!(answer.status, 200 | 204) || answer.is_not_now(), "{answer:?}");
        }
        answers += ended.len();
        add(&mut all, settle(&mut writers, &server));
    }
    proven(
        "kill -9 of PostgreSQL under load, the server goes on",
        &format!(
            "{} kills, {answers} answers, {} acknowledged writes found, {} unanswered ones ({} whole, the others absent)",
            rounds(),
            all.acknowledged,
            all.in_doubt,
            all.happened
        ),
    );
}

/// Compares every ledger with what a server has.
pub(crate) fn settle(writers: &mut [Writer], server: &Server) -> Settled {
    let mut client = server.client();
    let mut all = Settled::default();
    writers.iter_mut().for_each(|writer| add(&mut all, writer.settle(&mut client)));
    all
}

fn add(all: &mut Settled, more: Settled) {
    all.acknowledged += more.acknowledged;
    all.in_doubt += more.in_doubt;
    all.happened += more.happened;
}

/// Waits until a server says that it can work again; answers how long that took.
pub(crate) fn wait_until_ready(server: &Server) -> Duration {
    let begun = Instant::now();
    while server.status_of("/health/ready") != 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "not ready ten seconds after PostgreSQL was");
        sleep(Duration::from_millis(20));
    }
    begun.elapsed()
}
