//! Nobody learns from an answer, or from how long it takes, whether somebody has an account (SEC-10, 11,
//! 16).

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::api_client::{Answer, Ask, Client, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::people::{PASSWORD, login};
use crate::rounds::{median, proven, times};
use crate::turns::alone;

/// Medians whose ratio lies within are not told apart.
const ALIKE: std::ops::RangeInclusive<f64> = 0.8..=1.25;
/// So often the planned pairs are repeated before a difference is believed.
const MOST: usize = 4;

over_both_databases![
    sec_10_a_wrong_password_an_unknown_name_and_a_disabled_account_are_answered_alike,
    sec_11_known_and_unknown_names_take_the_same_time,
    sec_16_asking_for_a_reset_takes_the_same_time_for_any_address,
];

fn sec_10_a_wrong_password_an_unknown_name_and_a_disabled_account_are_answered_alike(kind: Kind) {
    let _turn = crate::turns::beside_others();
    let database = kind.empty();
    database.people(["ada", "bob"]);
    database.command(&["user", "disable", "bob"], "");
    let server = database.serve();
    let same = |asks: &[Ask]| {
        let answers: Vec<Answer> = asks.iter().map(|ask| plain(&server.send(ask))).collect();
        assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
        answers[0].status
    };
    let wrong = "a guess like any other";
    let sign_ins = [
        login("ada", wrong),
        login("ada@example.com", wrong),
        login("nobody", wrong),
        login("nobody@example.com", wrong),
        login("bob", wrong),
        login("bob", PASSWORD),
        login("", wrong),
        login("ada", ""),
    ];
    assert_eq!(same(&sign_ins), 400);
    let reset_of = |email: &str| Ask::post("/auth/password", &json!({"email": email}));
    assert_eq!(same(&["ada@example.com", "nobody@example.com", "bob@example.com"].map(reset_of)), 200);
    let token = "A".repeat(43);
    let reset = |email: &str| {
        let body = json!({"token": token, "email": email, "password": "long enough", "password_confirmation": "long enough"});
        Ask::post("/auth/password/reset", &body)
    };
    assert_eq!(same(&["ada@example.com", "nobody@example.com", "bob@example.com"].map(reset)), 400);
}

/// The answer without what differs from one answer to the next.
fn plain(answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    answer.headers.retain(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"));
    answer
}

fn sec_11_known_and_unknown_names_take_the_same_time(kind: Kind) {
    let _turn = alone();
    let database = kind.empty();
    database.people(["ada"]);
    let server = database.serve();
    let ask = |name: &str| login(name, "a guess like any other");
    let pairs = times(20, 40);
    let medians =
        compare(server.address, pairs, |_| ask("ada"), |number| ask(&format!("nobody{number}")), 400);
    proven(&format!("time of a sign-in, known to unknown names, {}", kind.name()), &medians);
}

fn sec_16_asking_for_a_reset_takes_the_same_time_for_any_address(kind: Kind) {
    let _turn = alone();
    let database = kind.empty();
    database.people(["ada"]);
    let folder = database.mails().display().to_string();
    let server = database.serve_with(&[("ACCOUNT_LIMITS", "off"), ("ACCOUNT_MAIL_FOLDER", &folder)]);
    let ask = |email: String| Ask::post("/auth/password", &json!({"email": email}));
    let pairs = times(20, 200);
    let known = |_| ask("ada@example.com".to_owned());
    let unknown = |number| ask(format!("nobody{number}@example.com"));
    let medians = compare(server.address, pairs, known, unknown, 200);
    proven(&format!("time of asking for a reset, known to unknown addresses, {}", kind.name()), &medians);
}

/// The medians of both, over interleaved tries on fresh connections.
fn compare(
    node: SocketAddr,
    pairs: usize,
    known: impl Fn(usize) -> Ask,
    unknown: impl Fn(usize) -> Ask,
    status: u16,
) -> String {
    let time = |ask: &Ask| {
        let begun = Instant::now();
        send(node, ask).expect(status);
        begun.elapsed()
    };
    // The first ones warm the server up.
    Client::new(node).send(&known(0)).expect(status);
    let (mut of_known, mut of_unknown): (Vec<Duration>, Vec<Duration>) = (Vec::new(), Vec::new());
    for number in 0..MOST * pairs {
        // Neither is always the first of its pair.
        if number % 2 == 0 {
            of_known.push(time(&known(number)));
            of_unknown.push(time(&unknown(number)));
        } else {
            of_unknown.push(time(&unknown(number)));
            of_known.push(time(&known(number)));
        }
        // What chance has made of few pairs, more pairs level out; a true difference stays.
        if (number + 1) % pairs == 0 && ALIKE.contains(&ratio(&of_known, &of_unknown)) {
            break;
        }
    }
    let ratio = ratio(&of_known, &of_unknown);
    let (known, unknown) = (median(&of_known), median(&of_unknown));
    let words = format!(
        "{} interleaved pairs, medians {known:.2?} to {unknown:.2?}, ratio {ratio:.3}",
        of_known.len()
    );
    assert!(ALIKE.contains(&ratio), "{words}");
    words
}

fn ratio(known: &[Duration], unknown: &[Duration]) -> f64 {
    median(known).as_secs_f64() / median(unknown).as_secs_f64()
}
