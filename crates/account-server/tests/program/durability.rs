//! What was acknowledged is there after `kill -9` (REL-01). The store has its own, longer test of this; here
//! the whole program is killed.

use std::time::Duration;

use crate::http::{ask, try_ask};
use crate::program::{Place, pause};

#[test]
fn rel_01_every_acknowledged_key_survives_kill_nine() {
    let place = Place::new();
    place.user("mia");
    let key = place.key("mia");
    let mut acknowledged = vec![key[..16].to_owned()];
    for round in 0..3 {
        let mut server = place.serve(&[("ACCOUNT_LIMITS", "off")]);
        let address = server.address;
        let owned = key.clone();
        let writer = std::thread::spawn(move || {
            let mut made = Vec::new();
            for _ in 0..7 {
                let body = r#"{"description":"written while dying"}"#;
                let Some(answer) = try_ask(address, "POST", "/api/client/account/api-keys", &owned, body)
                else {
                    break;
                };
                assert_eq!(answer.status, 200, "{}", answer.body);
                made.push(answer.json()["attributes"]["identifier"].as_str().unwrap().to_owned());
            }
            made
        });
        pause(Duration::from_millis(10 + 15 * round));
        server.signal("KILL");
        assert!(server.end_within(Duration::from_secs(5)).is_some());
        acknowledged.extend(writer.join().unwrap());
    }
    let mut server = place.serve(&[]);
    let listed = ask(server.address, "GET", "/api/client/account/api-keys", &key, "");
    for identifier in &acknowledged {
        assert!(listed.body.contains(identifier.as_str()), "{identifier} is gone");
    }
    server.stop();
}
