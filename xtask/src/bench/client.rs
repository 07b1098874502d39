//! One HTTP request at a time, for what is done before measuring. It reads until the server closes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::failure::{Failure, Outcome};

const PATIENCE: Duration = Duration::from_secs(10);

/// What a server said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    head: String,
    pub(super) body: String,
}

impl Answer {
    /// The value of a header.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }
}

/// Sends a request as it stands, on a connection of its own.
///
/// # Errors
/// When nobody listens, or what answers is not HTTP.
pub(super) fn ask(address: SocketAddr, request: &str) -> Outcome<Answer> {
    let failed = || Failure::from_io(format!("cannot ask {address}"));
    let mut stream = TcpStream::connect(address).map_err(failed())?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(failed())?;
    let closing = request.replacen("\r\n\r\n", "\r\nConnection: close\r\n\r\n", 1);
    stream.write_all(closing.as_bytes()).map_err(failed())?;
    let mut text = Vec::new();
    stream.read_to_end(&mut text).map_err(failed())?;
    parse(&String::from_utf8_lossy(&text))
        .ok_or_else(|| Failure::new(format!("{address} does not speak HTTP")))
}

fn parse(text: &str) -> Option<Answer> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_its_status_its_headers_and_its_body() {
        let answer = parse("HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\n\r\n{}").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (200, "{}"));
        assert_eq!(answer.header("set-cookie"), Some("a=b; Path=/"));
        assert_eq!(answer.header("cookie"), None);
        assert!(parse("SSH-2.0").is_none());
    }
}
