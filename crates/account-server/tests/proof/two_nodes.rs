//! Several servers over one database: they may start at one moment, and none trusts what it knew before
//! another changed it (SEC-37, REL-09).

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;
use std::time::Instant;

use serde_json::json;

use crate::api_client::{Ask, send};
use crate::both_databases::{Kind, over_both_databases};
use crate::one_winner::{TwoNodes, by_key, opens};
use crate::people::{PASSWORD, Person, account_by, checkpoint, login, new_password, session_of, text};
use crate::rounds::{proven, rounds, times};
use crate::turns::beside_others;

over_both_databases![
    rel_09_servers_that_start_at_one_moment_on_an_empty_database_all_come_up,
    sec_37_what_one_node_revokes_the_other_refuses_at_once,
    sec_37_no_request_that_began_after_the_deletion_of_its_key_is_served,
    sec_47_a_password_changed_on_one_node_ends_sessions_and_sign_ins_on_the_other,
];

fn rel_09_servers_that_start_at_one_moment_on_an_empty_database_all_come_up(kind: Kind) {
    let _turn = beside_others();
    let rounds = rounds().min(50);
    for round in 0..rounds {
        let database = kind.empty();
        database.make_keyring();
        let starting: Vec<_> =
            (0..2 + round % 3).map(|_| database.begin(&[("ACCOUNT_LIMITS", "off")])).collect();
        let servers: Vec<_> = starting.into_iter().map(crate::program::Starting::up).collect();
        let person = database.person("ada");
        for server in &servers {
            assert_eq!(server.status_of("/health/ready"), 200);
            server.send(&by_key(&person.token)).expect(200);
        }
    }
    proven(
        &format!("servers start at one moment on an empty database, {}", kind.name()),
        &format!("{rounds} rounds of 2 to 4 servers, all came up"),
    );
}

fn sec_37_what_one_node_revokes_the_other_refuses_at_once(kind: Kind) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    let other = nodes.database.person("bob");
    for round in 0..times(1, 5) {
        let (here, there) = (nodes.node(round), nodes.node(round + 1));
        let (id, token) = make_key(here, &person);
        assert!(opens(here, &by_key(&token)) && opens(there, &by_key(&token)));
        send(here, &delete(&person, &id)).expect(204);
        assert!(!opens(there, &by_key(&token)) && !opens(here, &by_key(&token)), "round {round}");
        send(there, &delete(&person, &id)).expect(404);

        let (mine, others) = (person.session(here, PASSWORD), person.session(there, PASSWORD));
        assert!(opens(there, &account_by(&mine)));
        let end =
            Ask::new("POST", "/api/client/account/sessions/end-others").cookie(&others).json(&json!({}));
        send(there, &end).expect(204);
        assert!(!opens(here, &account_by(&mine)) && opens(here, &account_by(&others)), "round {round}");
        send(here, &Ask::new("POST", "/auth/logout").cookie(&others).json(&json!({}))).expect(204);
        assert!(!opens(there, &account_by(&others)), "round {round}");

        nodes.database.command(&["user", "disable", &other.name], "");
        assert!(!opens(here, &by_key(&other.token)) && !opens(there, &by_key(&other.token)));
        nodes.database.command(&["user", "enable", &other.name], "");
        assert!(opens(here, &by_key(&other.token)) && opens(there, &by_key(&other.token)));
    }
    proven(
        &format!("what one node revokes the other refuses in the next request, {}", kind.name()),
        &format!("{} rounds of key, session, sign-out, disabled account", times(1, 5)),
    );
}

/// Three clients hammer on both nodes while the key is deleted.
fn sec_37_no_request_that_began_after_the_deletion_of_its_key_is_served(kind: Kind) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    let mut served = 0;
    for round in 0..rounds() {
        let (id, token) = make_key(nodes.node(round), &person);
        let over = AtomicBool::new(false);
        let (deleted, begun) = scope(|scope| {
            let hammering: Vec<_> = (0..3)
                .map(|number| {
                    let (over, node, ask) = (&over, nodes.node(number), by_key(&token));
                    scope.spawn(move || {
                        let (mut client, mut begun) = (crate::api_client::Client::new(node), Vec::new());
                        while !over.load(Ordering::Relaxed) {
                            let at = Instant::now();
                            match client.send(&ask).status {
                                200 => begun.push(at),
                                401 => {}
                                other => panic!("{other}"),
                            }
                        }
                        begun
                    })
                })
                .collect();
            std::thread::sleep(std::time::Duration::from_millis(30));
            send(nodes.node(round + 1), &delete(&person, &id)).expect(204);
            let deleted = Instant::now();
            std::thread::sleep(std::time::Duration::from_millis(30));
            over.store(true, Ordering::Relaxed);
            let begun: Vec<Instant> =
                hammering.into_iter().flat_map(|client| client.join().unwrap()).collect();
            (deleted, begun)
        });
        assert!(begun.iter().all(|begun| *begun <= deleted), "round {round}");
        served += begun.len();
    }
    proven(
        &format!("a deleted key serves nobody, three clients hammer on two nodes, {}", kind.name()),
        &format!("{} deletions among {served} served requests", rounds()),
    );
}

fn sec_47_a_password_changed_on_one_node_ends_sessions_and_sign_ins_on_the_other(kind: Kind) {
    let nodes = TwoNodes::over(kind);
    let person = nodes.database.person("ada");
    let mut old = PASSWORD.to_owned();
    for round in 0..times(1, 3) {
        let (here, there) = (nodes.node(round), nodes.node(round + 1));
        let new = format!("after round {round}");
        let (acting, other) = (person.session(here, &old), person.session(there, &old));
        let change =
            Ask::new("PUT", "/api/client/account/password").cookie(&acting).json(&new_password(&old, &new));
        let fresh = session_of(&send(here, &change).expect(204));
        assert!(!opens(there, &account_by(&other)), "the other session, in the next request");
        assert!(!opens(there, &account_by(&acting)), "the old token of the acting session");
        assert!(opens(there, &account_by(&fresh)), "the acting session goes on");
        assert!(opens(there, &by_key(&person.token)), "keys stay");
        send(there, &login(&person.name, &old)).expect(400);
        old = new;
    }
    two_factor_across_nodes(&nodes);
}

/// What was begun on one node before the change cannot be ended on the other.
fn two_factor_across_nodes(nodes: &TwoNodes) {
    let person = nodes.database.person("cleo");
    let mut authenticator = person.enable(nodes.node(0));
    let pending = person.pending(nodes.node(1));
    let change = person.ask("PUT", "/password", &new_password(PASSWORD, "a new one for cleo"));
    send(nodes.node(0), &change).expect(204);
    let code = authenticator.next_code();
    send(nodes.node(1), &checkpoint(&pending, &code)).expect(400);
    let again = send(nodes.node(1), &login("cleo", "a new one for cleo")).expect(200).json();
    let pending = text(&again["data"]["confirmation_token"]);
    let session = session_of(&send(nodes.node(0), &checkpoint(&pending, &code)).expect(200));
    assert!(opens(nodes.node(1), &account_by(&session)));
}

fn make_key(node: std::net::SocketAddr, person: &Person) -> (String, String) {
    let made =
        send(node, &person.post("/api-keys", &json!({"description": "to be revoked"}))).expect(200).json();
    let id = text(&made["attributes"]["identifier"]);
    let token = format!("{id}{}", text(&made["meta"]["secret_token"]));
    (id, token)
}

fn delete(person: &Person, id: &str) -> Ask {
    Ask::new("DELETE", format!("/api/client/account/api-keys/{id}")).bearer(&person.token)
}
