//! Twenty requests at one moment over two nodes, and exactly one of them wins: keys, addresses, passwords.

use serde_json::json;

use crate::api_client::{Answer, Ask, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::load::ssh_key;
use crate::one_winner::{RACERS, TwoNodes, not_now, winner, winners};
use crate::people::{PASSWORD, Person, login, new_password, text};
use crate::rounds::{proven, rounds};

over_both_databases![
    sec_39_the_twenty_fifth_key_is_given_to_one_of_twenty,
    sec_39_three_places_are_given_to_three_of_twenty,
    sec_56_one_address_goes_to_one_of_ten_accounts,
    sec_45_one_ssh_key_is_added_once_and_removed_at_once_without_a_trace_too_many,
    sec_37_one_key_is_deleted_once,
    rel_06_of_ten_password_changes_from_one_password_one_wins,
];

fn sec_39_the_twenty_fifth_key_is_given_to_one_of_twenty(kind: Kind) {
    let (nodes, person) = prepared(kind);
    make_keys(&nodes, &person, 23);
    for round in 0..rounds() {
        let answers = nodes.race(&creations(&person, round));
        let winner = winner(&answers, 200, &[400]);
        assert_eq!((identifiers(&nodes, &person).len(), not_now(&answers)), (25, 0));
        delete(&nodes, &person, &answers[winner]);
    }
    tell("the twenty-fifth key, twenty ask", kind, rounds());
}

fn sec_39_three_places_are_given_to_three_of_twenty(kind: Kind) {
    let (nodes, person) = prepared(kind);
    make_keys(&nodes, &person, 21);
    for round in 0..rounds() {
        let answers = nodes.race(&creations(&person, round));
        let winners = winners(&answers, 200, &[400]);
        assert_eq!((winners.len(), identifiers(&nodes, &person).len(), not_now(&answers)), (3, 25, 0));
        winners.iter().for_each(|winner| delete(&nodes, &person, &answers[*winner]));
    }
}

fn sec_56_one_address_goes_to_one_of_ten_accounts(kind: Kind) {
    let nodes = TwoNodes::over(kind);
    let people: Vec<Person> = (0..10).map(|number| nodes.database.person(&format!("user{number}"))).collect();
    for round in 0..rounds() {
        let wanted = |number: usize| {
            // One address, however it is written.
            let written = if number.is_multiple_of(3) { "Wanted" } else { "wanted" };
            json!({"email": format!("{written}{round}@example.com"), "password": PASSWORD})
        };
        let asks: Vec<Ask> = people
            .iter()
            .enumerate()
            .map(|(number, one)| one.ask("PUT", "/email", &wanted(number)))
            .collect();
        let winner = winner(&nodes.race(&asks), 204, &[422]);
        for (number, one) in people.iter().enumerate() {
            let email =
                text(&send(nodes.node(round), &one.get("")).expect(200).json()["attributes"]["email"]);
            let has_it = email.to_lowercase() == format!("wanted{round}@example.com");
            assert_eq!(has_it, number == winner, "{email}");
        }
    }
    tell("one e-mail address, ten accounts ask", kind, rounds());
}

fn sec_45_one_ssh_key_is_added_once_and_removed_at_once_without_a_trace_too_many(kind: Kind) {
    let (nodes, person) = prepared(kind);
    for round in 0..rounds() {
        let key = ssh_key(&person.name, round as u64);
        let add = person.post("/ssh-keys", &json!({"name": "one key", "public_key": key}));
        let added = nodes.race(&vec![add.clone(); RACERS]);
        let first = winner(&added, 200, &[422]);
        let id = text(&added[first].json()["attributes"]["fingerprint"]);
        let remove = person.post("/ssh-keys/remove", &json!({"fingerprint": id}));
        let both: Vec<Ask> =
            (0..RACERS).map(|number| if number % 2 == 0 { &add } else { &remove }).cloned().collect();
        let answers = nodes.race(&both);
        let more = answers.iter().step_by(2).filter(|answer| answer.status == 200).count();
        assert_eq!(not_now(&answers), 0);
        check_one_key(&nodes, &person, &id, 1 + more);
        send(nodes.node(round), &remove).expect(204);
    }
    tell("one SSH key, twenty add; then ten add and ten remove it", kind, rounds());
}

/// The list has the key once or not at all, and the activity tells a story that ends so.
fn check_one_key(nodes: &TwoNodes, person: &Person, id: &str, added: usize) {
    let list = send(nodes.node(0), &person.get("/ssh-keys")).expect(200).json();
    let there = list["data"].as_array().unwrap().len();
    let path = "/activity?per_page=100&filter[event]=user:ssh-key";
    let story = send(nodes.node(1), &person.get(path)).expect(200).json();
    let of_it = story["data"].as_array().unwrap().iter().map(|entry| &entry["attributes"]);
    let of_it = of_it.filter(|entry| entry["properties"]["fingerprint"] == id);
    let events: Vec<String> = of_it.map(|entry| text(&entry["event"])).collect();
    let made = events.iter().filter(|event| event.ends_with(".create")).count();
    assert_eq!((made, 2 * made - events.len()), (added, there), "{events:?}");
    assert!(events.windows(2).all(|two| two[0] != two[1]), "{events:?}");
}

fn sec_37_one_key_is_deleted_once(kind: Kind) {
    let (nodes, person) = prepared(kind);
    for round in 0..rounds() {
        let made = send(nodes.node(round), &creations(&person, round)[0]).expect(200);
        let answers = nodes.race(&vec![deletion(&person, &made); RACERS]);
        winner(&answers, 204, &[404]);
        assert_eq!((identifiers(&nodes, &person).len(), not_now(&answers)), (1, 0));
    }
    tell("one key, twenty delete it", kind, rounds());
}

fn rel_06_of_ten_password_changes_from_one_password_one_wins(kind: Kind) {
    let (nodes, person) = prepared(kind);
    let mut present = PASSWORD.to_owned();
    for round in 0..rounds() {
        let wanted: Vec<String> = (0..10).map(|number| format!("new secret {round} of {number}")).collect();
        let changes: Vec<Ask> =
            wanted.iter().map(|new| person.ask("PUT", "/password", &new_password(&present, new))).collect();
        let winner = winner(&nodes.race(&changes), 204, &[400]);
        for (number, new) in wanted.iter().enumerate().take(3) {
            let expected = if number == winner { 200 } else { 400 };
            send(nodes.node(number), &login(&person.name, new)).expect(expected);
        }
        send(nodes.node(round), &login(&person.name, &present)).expect(400);
        present.clone_from(&wanted[winner]);
        send(nodes.node(round), &login(&person.name, &present)).expect(200);
    }
    tell("ten password changes from one password", kind, rounds());
}

fn prepared(kind: Kind) -> (TwoNodes, Person) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    (nodes, person)
}

fn make_keys(nodes: &TwoNodes, person: &Person, count: usize) {
    for number in 0..count {
        send(nodes.node(number), &creations(person, 0)[0]).expect(200);
    }
}

fn creations(person: &Person, round: usize) -> Vec<Ask> {
    (0..RACERS)
        .map(|number| person.post("/api-keys", &json!({"description": format!("{round} {number}")})))
        .collect()
}

fn identifiers(nodes: &TwoNodes, person: &Person) -> Vec<String> {
    let list = send(nodes.node(1), &person.get("/api-keys")).expect(200).json();
    list["data"].as_array().unwrap().iter().map(|key| text(&key["attributes"]["identifier"])).collect()
}

fn deletion(person: &Person, made: &Answer) -> Ask {
    let id = text(&made.json()["attributes"]["identifier"]);
    Ask::new("DELETE", format!("/api/client/account/api-keys/{id}")).bearer(&person.token)
}

fn delete(nodes: &TwoNodes, person: &Person, made: &Answer) {
    send(nodes.node(0), &deletion(person, made)).expect(204);
}

fn tell(race: &str, kind: Kind, rounds: usize) {
    proven(&format!("{race}, two nodes, {}", kind.name()), &format!("{rounds} rounds, one winner in each"));
}
