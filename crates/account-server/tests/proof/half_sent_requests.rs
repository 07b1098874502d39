//! Clients that begin a request and do not go on: others are served as if they were not there, and they
//! are sent away in time (REL-11).

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::scope;
use std::time::{Duration, Instant};

use crate::both_databases::Kind;
use crate::one_winner::by_key;
use crate::rounds::proven;
use crate::turns::alone;

const HALF_SENT: usize = 60;
/// Ten seconds for a head, twenty for a body.
const PATIENCE: Duration = Duration::from_secs(30);

/// No database has a part in this, so one is enough.
#[test]
fn rel_11_sixty_half_sent_requests_hold_nobody_up_and_are_sent_away() {
    let turn = alone();
    let database = Kind::Sqlite.empty();
    let person = database.person("ada");
    let server = database.serve();
    let beginnings = [
        "GET /api/client/account HTTP/1.1\r\nHost: a".to_owned(),
        "POST /auth/login HTTP/1.1\r\nHost: account.test\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"
            .to_owned(),
        format!(
            "POST /api/client/account/api-keys HTTP/1.1\r\nHost: account.test\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{{",
            person.token
        ),
    ];
    let mut half_sent: Vec<TcpStream> = (0..HALF_SENT)
        .map(|number| {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.write_all(beginnings[number % beginnings.len()].as_bytes()).unwrap();
            stream
        })
        .collect();
    let sent = Instant::now();
    let slowest = (0..40)
        .map(|_| {
            let begun = Instant::now();
            server.send(&by_key(&person.token)).expect(200);
            begun.elapsed()
        })
        .max()
        .unwrap();
    let begun = Instant::now();
    server.send(&person.login()).expect(200);
    let login = begun.elapsed();
    drop(turn);
    assert!(slowest < Duration::from_secs(2) && login < Duration::from_secs(2), "{slowest:?}, {login:?}");
    let last = scope(|scope| {
        let closing: Vec<_> = half_sent.iter_mut().map(|stream| scope.spawn(|| closed(stream))).collect();
        closing.into_iter().for_each(|one| one.join().unwrap());
        sent.elapsed()
    });
    assert!(last < PATIENCE, "the last was sent away after {last:?}");
    proven(
        &format!("{HALF_SENT} half-sent requests"),
        &format!("slowest good read {slowest:.1?}, sign-in {login:.1?}, the last sent away after {last:.1?}"),
    );
}

/// Reads until the server closes.
fn closed(stream: &mut TcpStream) {
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = Vec::new();
    // A reset is an end, too.
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "never closed: {error}");
    }
}
