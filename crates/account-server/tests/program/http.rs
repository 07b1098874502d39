//! The least HTTP client that can ask the server something.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

/// Asks once, on a connection of its own; `None` if there was no whole answer.
pub(crate) fn try_ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    key: &str,
    body: &str,
) -> Option<Answer> {
    let mut socket = TcpStream::connect_timeout(&address, Duration::from_secs(5)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(25))).ok()?;
    let credential = if key.is_empty() { String::new() } else { format!("Authorization: Bearer {key}\r\n") };
    let length = body.len();
    let body = if body.is_empty() {
        "\r\n".to_owned()
    } else {
        format!("Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    let request =
        format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{credential}{body}");
    socket.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let whole = head.to_ascii_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length: ").and_then(|length| length.parse::<usize>().ok())
    });
    (whole.unwrap_or(0) == body.len()).then(|| Answer {
        status,
        head: head.to_owned(),
        body: body.to_owned(),
    })
}

/// Asks once, and expects an answer.
pub(crate) fn ask(address: SocketAddr, method: &str, path: &str, key: &str, body: &str) -> Answer {
    try_ask(address, method, path, key, body).expect("an answer")
}

/// `GET /api/client/account` with this key.
pub(crate) fn account(address: SocketAddr, key: &str) -> Answer {
    ask(address, "GET", "/api/client/account", key, "")
}
