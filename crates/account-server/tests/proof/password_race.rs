//! Sign-ins with the old password race a change of the password: whatever they were answered, none of
//! their sessions and none of their pending sign-ins survives (SEC-47).

use crate::api_client::{Answer, Ask, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::one_winner::{TwoNodes, opens, winners};
use crate::people::{PASSWORD, account_by, checkpoint, login, new_password, session_of, text};
use crate::rounds::{proven, rounds};

over_both_databases![
    sec_47_no_session_of_the_old_password_survives,
    sec_47_no_pending_sign_in_of_the_old_password_survives,
];

const SIGN_INS: usize = 12;

fn sec_47_no_session_of_the_old_password_survives(kind: Kind) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    let (mut opened, mut old) = (0, PASSWORD.to_owned());
    for round in 0..rounds() {
        let new = format!("after round {round}");
        let before = person.session(nodes.node(0), &old);
        let acting = person.session(nodes.node(1), &old);
        let body = new_password(&old, &new);
        // By turns by a session, which goes on, and by a key.
        let by_session = round % 2 == 0;
        let change = if by_session {
            Ask::new("PUT", "/api/client/account/password").cookie(&acting).json(&body)
        } else {
            person.ask("PUT", "/password", &body)
        };
        let answers = race(&nodes, &change, &login(&person.name, &old), round);
        opened += answers.len();
        for answer in answers {
            let session = account_by(&session_of(&answer));
            assert!(!opens(nodes.node(0), &session) && !opens(nodes.node(1), &session), "round {round}");
        }
        for ended in [before, acting] {
            assert!(!opens(nodes.node(round), &account_by(&ended)), "round {round}");
        }
        send(nodes.node(round), &login(&person.name, &old)).expect(400);
        old = new;
        send(nodes.node(round), &login(&person.name, &old)).expect(200);
    }
    proven(
        &format!("sign-ins with the old password race its change, two nodes, {}", kind.name()),
        &format!("{} rounds of {SIGN_INS}, {opened} sessions opened on the way, none survived", rounds()),
    );
}

fn sec_47_no_pending_sign_in_of_the_old_password_survives(kind: Kind) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    let mut authenticator = person.enable(nodes.node(0));
    let code = authenticator.next_code();
    let mut old = PASSWORD.to_owned();
    for round in 0..rounds().min(30) {
        let new = format!("after round {round}");
        let change = person.ask("PUT", "/password", &new_password(&old, &new));
        for answer in race(&nodes, &change, &login(&person.name, &old), round) {
            let pending = text(&answer.json()["data"]["confirmation_token"]);
            send(nodes.node(round), &checkpoint(&pending, &code)).expect(400);
            send(nodes.node(round), &Ask::get("/api/client/account").bearer(&pending)).expect(401);
        }
        old = new;
    }
    // The code was right all the time.
    let last = send(nodes.node(0), &login(&person.name, &old)).expect(200);
    let pending = text(&last.json()["data"]["confirmation_token"]);
    send(nodes.node(1), &checkpoint(&pending, &authenticator_code(&mut authenticator, &code))).expect(200);
}

/// The code itself, or the next one if the race took longer than its time.
fn authenticator_code(authenticator: &mut crate::people::Authenticator, code: &str) -> String {
    if authenticator.is_fresh() { code.to_owned() } else { authenticator.next_code() }
}

/// The change among the sign-ins; answers the sign-ins that were let in.
fn race(nodes: &TwoNodes, change: &Ask, sign_in: &Ask, round: usize) -> Vec<Answer> {
    let mut asks = vec![sign_in.clone(); SIGN_INS];
    asks.insert(round % SIGN_INS, change.clone());
    let mut answers = nodes.race(&asks);
    let changed = answers.remove(round % SIGN_INS);
    assert_eq!(changed.status, 204, "{changed:?}");
    let let_in = winners(&answers, 200, &[400]);
    let_in.into_iter().map(|number| answers[number].clone()).collect()
}
