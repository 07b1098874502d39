//! A client of HTTP/1.1 over a plain socket, with one connection that it keeps as long as the server does.
//!
//! It repeats nothing: an answer that does not come is an error, and what became of the request is for
//! the test to find out.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Longer than the program may take for anything.
const PATIENCE: Duration = Duration::from_secs(40);

/// An answer as it came.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {}", self.status, self.headers, String::from_utf8_lossy(&self.body))
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The answer, which must have this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{self:?}");
        self
    }

    /// Whether it says that nothing can be done now, as it must be said.
    pub(crate) fn is_not_now(&self) -> bool {
        self.status == 503
            && self.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok())
            && self.json()["errors"][0]["status"] == "503"
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Ask {
    pub(crate) fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: None }
    }

    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub(crate) fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// As a browser sends it from a page of the server's own.
    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("Cookie", cookie).header("Sec-Fetch-Site", "same-origin")
    }

    pub(crate) fn json(mut self, body: &Value) -> Self {
        self.body = Some(body.to_string());
        self.header("Content-Type", "application/json")
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nHost: account.test\r\n", self.method, self.path);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if let Some(body) = &self.body {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        head.push_str(self.body.as_deref().unwrap_or_default());
        head.into_bytes()
    }
}

/// Why no answer came.
pub(crate) enum Lost {
    /// Nobody took the connection.
    NotConnected(String),
    /// A new connection was closed without a byte: it may never have left the system's queue.
    Unanswered(String),
    /// A connection that had answered before, or had begun to answer, was cut.
    Cut(String),
}

impl std::fmt::Debug for Lost {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotConnected(why) => write!(f, "not connected: {why}"),
            Self::Unanswered(why) => write!(f, "connected and not answered: {why}"),
            Self::Cut(why) => write!(f, "cut: {why}"),
        }
    }
}

/// A client with a connection of its own.
pub(crate) struct Client {
    to: SocketAddr,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self { to, connection: None }
    }

    /// Sends over the connection that is open, or over a new one.
    pub(crate) fn try_send(&mut self, ask: &Ask) -> Result<Answer, Lost> {
        let kept = self.connection.take();
        let lost = if kept.is_none() { Lost::Unanswered } else { Lost::Cut };
        let mut connection = match kept {
            Some(kept) => kept,
            None => open(self.to).map_err(|error| Lost::NotConnected(error.to_string()))?,
        };
        let sent = connection.get_mut().write_all(&ask.bytes());
        let answer = sent.and_then(|()| connection.fill_buf().map(|begun| !begun.is_empty()));
        match answer {
            Ok(true) => {}
            Ok(false) => return Err(lost("closed without an answer".to_owned())),
            Err(error) => return Err(lost(error.to_string())),
        }
        let (answer, keep) = read(&mut connection).map_err(|error| Lost::Cut(error.to_string()))?;
        if keep {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    /// Sends, and there must be an answer.
    #[track_caller]
    pub(crate) fn send(&mut self, ask: &Ask) -> Answer {
        match self.try_send(ask) {
            Ok(answer) => answer,
            Err(lost) => panic!("{} {}: {lost:?}", ask.method, ask.path),
        }
    }
}

/// Sends over a connection of its own.
#[track_caller]
pub(crate) fn send(to: SocketAddr, ask: &Ask) -> Answer {
    Client::new(to).send(ask)
}

pub(crate) fn open(to: SocketAddr) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

/// One answer, and whether the connection stays open after it.
fn read(from: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let broken = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
    let status = line(from)?.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| broken("no status"))?;
    let mut headers = Vec::new();
    loop {
        let line = line(from)?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| broken("a header without a colon"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer { status, headers, body: Vec::new() };
    let length = match (answer.header("content-length"), status) {
        (_, 204) => 0,
        (Some(length), _) => length.parse().map_err(|_| broken("a strange length"))?,
        (None, _) => return Err(broken("no length")),
    };
    answer.body.resize(length, 0);
    from.read_exact(&mut answer.body)?;
    let keep = answer.header("connection") != Some("close");
    Ok((answer, keep))
}

fn line(from: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    match line.strip_suffix("\r\n") {
        Some(line) => Ok(line.to_owned()),
        None => Err(io::Error::new(ErrorKind::UnexpectedEof, "the answer was cut")),
    }
}
