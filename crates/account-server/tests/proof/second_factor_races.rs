//! Twenty requests at one moment over two nodes, and exactly one of them wins: what may be used once.

use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::api_client::{Ask, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::one_winner::{RACERS, TwoNodes, winner, winners};
use crate::people::{PASSWORD, Person, checkpoint, codes, login, recover};
use crate::rounds::{proven, rounds};

over_both_databases![
    sec_22_two_factor_is_enabled_once,
    sec_23_one_totp_step_is_accepted_once,
    sec_27_one_recovery_code_is_spent_once,
    sec_24_one_confirmation_token_signs_in_once,
    sec_16_one_reset_token_resets_once,
];

/// An account keeps so many pending sign-ins; each allows five tries.
const PENDING: usize = 5;

fn sec_22_two_factor_is_enabled_once(kind: Kind) {
    let (nodes, person) = prepared(kind);
    for round in 0..rounds() {
        let node = nodes.node(round);
        let mut authenticator = person.set_up(node);
        let enabling = json!({"code": authenticator.next_code(), "password": PASSWORD});
        let answers = nodes.race(&vec![person.post("/two-factor", &enabling); RACERS]);
        let winner = winner(&answers, 200, &[400]);
        send(node, &person.get("/two-factor")).expect(400);
        // The codes of the winner are the ones that count, and its step is spent.
        let code = &codes(&answers[winner])[0];
        let pending = person.pending(node);
        send(node, &checkpoint(&pending, &authenticator.code_again())).expect(400);
        send(node, &recover(&pending, code)).expect(200);
        person.disable(node);
    }
    tell("enabling two-factor, twenty try", kind);
}

fn sec_23_one_totp_step_is_accepted_once(kind: Kind) {
    let (nodes, person) = prepared(kind);
    for round in 0..rounds() {
        let node = nodes.node(round);
        let mut authenticator = person.enable(node);
        let pending = all_pending(&nodes, &person);
        let code = authenticator.next_code();
        let tries = spread(&pending, |pending| checkpoint(pending, &code));
        winner(&nodes.race(&tries), 200, &[400]);
        let pending = person.pending(node);
        send(node, &checkpoint(&pending, &code)).expect(400);
        send(node, &checkpoint(&pending, &authenticator.code_before())).expect(400);
        person.disable(node);
    }
    tell("one TOTP step, twenty tries over five pending sign-ins", kind);
}

fn sec_27_one_recovery_code_is_spent_once(kind: Kind) {
    let (nodes, person) = prepared(kind);
    for round in 0..rounds() {
        let node = nodes.node(round);
        let authenticator = person.enable(node);
        let code = &authenticator.codes[round % authenticator.codes.len()];
        let pending = all_pending(&nodes, &person);
        winner(&nodes.race(&spread(&pending, |pending| recover(pending, code))), 200, &[400]);
        let pending = person.pending(node);
        send(node, &recover(&pending, code)).expect(400);
        assert_eq!(remaining(&nodes, &person), 9);
        person.disable(node);
        // A code of an earlier enrolment opens nothing.
        let later = person.enable(node);
        send(node, &recover(&person.pending(node), &authenticator.codes[(round + 1) % 10])).expect(400);
        assert_eq!(later.codes.len(), 10);
        person.disable(node);
    }
    tell("one recovery code, twenty tries over five pending sign-ins", kind);
}

fn sec_24_one_confirmation_token_signs_in_once(kind: Kind) {
    let (nodes, person) = prepared(kind);
    for round in 0..rounds() {
        let node = nodes.node(round);
        let mut authenticator = person.enable(node);
        let pending = person.pending(node);
        // Ten factors that are all right, and each of them twice.
        let code = authenticator.next_code();
        let mut tries = vec![checkpoint(&pending, &code)];
        tries.extend(authenticator.codes.iter().take(9).map(|code| recover(&pending, code)));
        tries.extend(tries.clone());
        winner(&nodes.race(&tries), 200, &[400]);
        send(node, &recover(&pending, &authenticator.codes[9])).expect(400);
        assert!(remaining(&nodes, &person) >= 9, "a code was spent on a token that was used up");
        person.disable(node);
    }
    tell("one confirmation token, twenty tries with ten right factors", kind);
}

fn sec_16_one_reset_token_resets_once(kind: Kind) {
    let mails = tempfile::tempdir().unwrap();
    let folder = mails.path().join("mails").display().to_string();
    let settings = [("ACCOUNT_LIMITS", "off"), ("ACCOUNT_MAIL_FOLDER", &folder)];
    let nodes = TwoNodes::with(kind, &settings);
    let person = nodes.database.person("ada");
    for round in 0..rounds() {
        let session = person.session(nodes.node(round), &password_of(round));
        let token = mailed_token(nodes.node(round), &person.email, &mails.path().join("mails"));
        let resets: Vec<Ask> = (0..RACERS).map(|number| reset(&token, &person, round, number)).collect();
        let winner = winner(&nodes.race(&resets), 200, &[400]);
        let (won, lost) = (chosen(round, winner), chosen(round, (winner + 1) % RACERS));
        send(nodes.node(winner), &login(&person.name, &lost)).expect(400);
        send(nodes.node(winner), &reset(&token, &person, round, 0)).expect(400);
        send(nodes.node(winner), &crate::people::account_by(&session)).expect(401);
        let back = crate::people::new_password(&won, &password_of(round + 1));
        send(nodes.node(winner + 1), &person.ask("PUT", "/password", &back)).expect(204);
    }
    tell("one reset token, twenty try", kind);
}

fn password_of(round: usize) -> String {
    if round == 0 { PASSWORD.to_owned() } else { format!("after round {round}") }
}

fn chosen(round: usize, number: usize) -> String {
    format!("chosen in {round} by {number}")
}

fn reset(token: &str, person: &Person, round: usize, number: usize) -> Ask {
    let new = chosen(round, number);
    let body = json!({"token": token, "email": person.email, "password": new, "password_confirmation": new});
    Ask::post("/auth/password/reset", &body)
}

/// Asks for a reset, and takes the token out of the mail. The folder is emptied first.
pub(crate) fn mailed_token(node: std::net::SocketAddr, email: &str, folder: &Path) -> String {
    let files = || std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // A draft beside them is gone in a moment.
    let mails = || files().filter(|file| file.extension().is_some_and(|extension| extension == "eml"));
    mails().for_each(|mail| std::fs::remove_file(mail).unwrap());
    send(node, &Ask::post("/auth/password", &json!({"email": email}))).expect(200);
    let begun = Instant::now();
    loop {
        let found = mails().find_map(|mail| token_in(&std::fs::read_to_string(mail).unwrap()));
        if let Some(token) = found {
            return token;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "no mail came");
        sleep(Duration::from_millis(50));
    }
}

/// The token in the link of a mail, whose lines may be folded (RFC 2045, section 6.7).
pub(crate) fn token_in(mail: &str) -> Option<String> {
    let unfolded = mail.replace("=\r\n", "").replace("=3D", "=");
    let (_, after) = unfolded.split_once("/auth/password/reset/")?;
    let token = after.split(['?', '\r', '\n', ' ']).next()?;
    (!token.is_empty()).then(|| token.to_owned())
}

fn prepared(kind: Kind) -> (TwoNodes, Person) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    (nodes, person)
}

/// As many pending sign-ins as an account may have, made on both nodes.
fn all_pending(nodes: &TwoNodes, person: &Person) -> Vec<String> {
    let logins = nodes.race(&vec![person.login(); PENDING]);
    assert_eq!(winners(&logins, 200, &[]).len(), PENDING);
    let token = |answer: &crate::api_client::Answer| {
        crate::people::text(&answer.json()["data"]["confirmation_token"])
    };
    logins.iter().map(token).collect()
}

/// Twenty tries, four on each pending sign-in.
fn spread(pending: &[String], ask: impl Fn(&str) -> Ask) -> Vec<Ask> {
    (0..RACERS).map(|number| ask(&pending[number / 4])).collect()
}

fn remaining(nodes: &TwoNodes, person: &Person) -> u64 {
    let answer = send(nodes.node(1), &person.get("/two-factor/recovery-tokens")).expect(200);
    answer.json()["attributes"]["remaining"].as_u64().unwrap()
}

fn tell(race: &str, kind: Kind) {
    let rounds = rounds();
    proven(&format!("{race}, two nodes, {}", kind.name()), &format!("{rounds} rounds, one winner in each"));
}
