//! SIGTERM under load: every request that was accepted is answered, what was acknowledged is there at the
//! next start, and the program ends with 0 (REL-10).

use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::api_client::Lost;
use crate::both_databases::{Kind, over_both_databases};
use crate::killed::settle;
use crate::load::{Writer, under_load};
use crate::people::PASSWORD;
use crate::rounds::{Dice, proven, rounds};
use crate::turns::beside_others;

over_both_databases![rel_10_sigterm_under_load_cuts_no_answer_and_ends_with_0];

fn rel_10_sigterm_under_load_cuts_no_answer_and_ends_with_0(kind: Kind) {
    let _turn = beside_others();
    let database = kind.empty();
    let mut writers = Writer::crew(&database, ["ada", "bob", "cleo", "dan"]);
    let (mut dice, mut answers, mut longest) = (Dice::new(3), 0, Duration::ZERO);
    let rounds = rounds().min(20);
    for _ in 0..rounds {
        let server = database.serve();
        let address = server.address;
        let (status, ended) = under_load(&mut writers, &[address], |progress| {
            progress.wait_for(10 + dice.roll(90));
            // A password is being hashed when the signal comes.
            let login = std::thread::spawn(move || {
                crate::api_client::Client::new(address).try_send(&crate::people::login("ada", PASSWORD))
            });
            sleep(Duration::from_millis(5));
            server.terminate();
            let begun = Instant::now();
            let status = server.ended();
            longest = longest.max(begun.elapsed());
            let login = login.join().unwrap();
            assert!(!matches!(login, Err(Lost::Cut(_))), "{login:?}");
            sleep(Duration::from_millis(50));
            status
        });
        assert_eq!(status.code(), Some(0));
        for one in &ended {
            match &one.how {
                Ok(answer) => assert!(matches!(answer.status, 200 | 204), "{answer:?}"),
                Err(Lost::NotConnected(_) | Lost::Unanswered(_)) => {}
                Err(Lost::Cut(how)) => panic!("an accepted request was cut: {how}"),
            }
        }
        answers += ended.iter().filter(|one| one.how.is_ok()).count();
        let settled = settle(&mut writers, &database.serve());
        assert_eq!(settled.happened, 0, "a request was accepted, took effect, and was not answered");
    }
    assert!(longest < Duration::from_secs(20), "the end took {longest:?}");
    proven(
        &format!("SIGTERM under load, {}", kind.name()),
        &format!("{rounds} stops, {answers} answers, none cut, exit 0, longest end {longest:.1?}"),
    );
}
