//! Health, signals, logs: what a supervisor sees.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use crate::http::{account, ask, try_ask};
use crate::program::{Place, pause};

#[test]
fn rel_16_it_is_live_and_ready_and_says_no_more() {
    let place = Place::new();
    let mut server = place.serve(&[]);
    for (path, body) in
        [("/health/live", "{\"status\":\"live\"}"), ("/health/ready", "{\"status\":\"ready\"}")]
    {
        let answer = ask(server.address, "GET", path, "", "");
        assert_eq!((answer.status, answer.body.as_str()), (200, body));
    }
    server.stop();
}

#[test]
fn rel_10_a_stop_under_load_cuts_no_answer_and_leaves_a_tidy_database() {
    let place = Place::new();
    place.user("mia");
    let key = place.key("mia");
    for _ in 0..3 {
        let mut server = place.serve(&[("ACCOUNT_LIMITS", "off")]);
        let address = server.address;
        let (answered, cut, stopped) = (AtomicU32::new(0), AtomicU32::new(0), AtomicBool::new(false));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    let body = r#"{"email":"mia@example.com","password":"correct horse battery"}"#;
                    loop {
                        let asked_before = !stopped.load(Ordering::SeqCst);
                        match try_ask(address, "PUT", "/api/client/account/email", &key, body) {
                            Some(answer) if answer.status == 204 => answered.fetch_add(1, Ordering::SeqCst),
                            Some(answer) => panic!("{}", answer.body),
                            // After the stop nobody listens; a request from before it must be answered.
                            None if !asked_before => return,
                            None if stopped.load(Ordering::SeqCst) => cut.fetch_add(1, Ordering::SeqCst),
                            None => panic!("cut off while running"),
                        };
                    }
                });
            }
            pause(Duration::from_millis(400));
            stopped.store(true, Ordering::SeqCst);
            server.signal("TERM");
        });
        assert!(answered.load(Ordering::SeqCst) > 0);
        assert_eq!(cut.load(Ordering::SeqCst), 0);
        assert_eq!(server.end_within(Duration::from_secs(25)).unwrap().code(), Some(0));
        assert!(!place.path().join("account.db-wal").exists(), "the log was taken into the database");
    }
}

#[test]
fn rel_10_the_second_signal_ends_at_once() {
    use std::io::{Read, Write};
    let place = Place::new();
    let mut server = place.serve(&[]);
    place.user("mia");
    let head = format!(
        "PUT /api/client/account/email HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/json\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n",
        place.key("mia")
    );
    let mut half = std::net::TcpStream::connect(server.address).unwrap();
    half.write_all(head.as_bytes()).unwrap();
    // The server asks for the body, so it is busy with this request from here on.
    let mut asked = [0; 25];
    half.read_exact(&mut asked).unwrap();
    assert!(asked.starts_with(b"HTTP/1.1 100"), "{}", String::from_utf8_lossy(&asked));
    server.signal("TERM");
    server.wait_for_log("stopping");
    server.signal("INT");
    let status = server.end_within(Duration::from_secs(2)).expect("it ends at once");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn sec_64_neither_the_log_nor_an_error_holds_a_secret() {
    let place = Place::new();
    place.user("mia");
    let key = place.key("mia");
    let mut server = place.serve(&[("RUST_LOG", "trace"), ("ACCOUNT_LOG_FORMAT", "json")]);
    let body = r#"{"email":"mia@example.org","password":"correct horse battery"}"#;
    assert_eq!(ask(server.address, "PUT", "/api/client/account/email", &key, body).status, 204);
    let wrong = r#"{"email":"mia@example.org","password":"geheimes wort"}"#;
    let refused = ask(server.address, "PUT", "/api/client/account/email?token=geheim", &key, wrong);
    assert_eq!(refused.status, 400);
    assert!(refused.head.to_ascii_lowercase().contains("x-request-id: "));
    assert_eq!(account(server.address, &format!("{key}x")).status, 401);
    server.stop();
    let log = server.whole_log();
    assert!(log.contains("/api/client/account/email"), "requests are logged at this level");
    for secret in ["correct horse", "geheim", &key, &key[16..], "Bearer"] {
        assert!(!log.contains(secret), "{secret}");
    }
    for line in log.lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{line}");
    }
}

#[test]
fn a_last_use_is_written_before_the_end() {
    let place = Place::new();
    place.user("mia");
    let key = place.key("mia");
    let mut server = place.serve(&[]);
    assert_eq!(account(server.address, &key).status, 200);
    server.stop();
    let listed = place.run(&["api-key", "list", "--user", "mia"]).result().to_owned();
    assert!(!listed.contains("\"last_used_at\":null"), "{listed}");
}
