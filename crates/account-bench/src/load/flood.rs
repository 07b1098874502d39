//! As many requests as are answered: one thread watches all connections, and each gets its next
//! request as soon as its answer is whole.

use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use super::Span;
use super::framing::{self, Head};
use super::tally::Tally;
use crate::Outcome;
use crate::command_line::LoadOptions;
use crate::stopwatch;

/// Answers here are below a kilobyte.
const BUFFER: usize = 16 * 1024;
/// So many connections in a row that break tell of a server that is gone.
const MOST_BROKEN: u64 = 10_000;

/// Floods until the time is over or the count is reached.
///
/// # Errors
/// When nobody listens, or what answers does not speak HTTP/1.1.
pub(super) fn run(options: &LoadOptions, requests: &[Vec<u8>]) -> Outcome<Tally> {
    let mut poll = Poll::new()?;
    let mut lanes = Vec::with_capacity(options.connections);
    for number in 0..options.connections {
        lanes.push(Lane::open(&poll, options.address, number)?);
    }
    Flood { poll: &mut poll, options, requests, next: 0, tally: Tally::default(), broken: 0 }.run(&mut lanes)
}

struct Flood<'a> {
    poll: &'a mut Poll,
    options: &'a LoadOptions,
    requests: &'a [Vec<u8>],
    next: usize,
    tally: Tally,
    broken: u64,
}

/// One connection, with at most one request on its way.
struct Lane {
    stream: TcpStream,
    number: usize,
    received: Vec<u8>,
    /// Bytes of the request that are not sent yet.
    unsent: Vec<u8>,
    sent_at: Instant,
}

enum Step {
    Waits,
    Answered(Head),
    Ended,
}

impl Lane {
    fn open(poll: &Poll, address: SocketAddr, number: usize) -> Outcome<Self> {
        // Connected before it is watched: the time of connecting is nobody's latency.
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let mut stream = TcpStream::from_std(stream);
        poll.registry().register(&mut stream, Token(number), Interest::READABLE | Interest::WRITABLE)?;
        let (received, unsent) = (Vec::with_capacity(BUFFER), Vec::new());
        Ok(Self { stream, number, received, unsent, sent_at: stopwatch::now() })
    }

    fn send(&mut self, request: &[u8]) -> std::io::Result<()> {
        self.sent_at = stopwatch::now();
        self.unsent.clear();
        self.unsent.extend_from_slice(request);
        self.push()
    }

    /// Sends what the socket takes. A request fits into an empty socket, so once is nearly always all.
    fn push(&mut self) -> std::io::Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.write(&self.unsent) {
                Ok(taken) => drop(self.unsent.drain(..taken)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads until the answer is whole, or nothing more is there.
    fn pull(&mut self, chunk: &mut [u8]) -> Outcome<Step> {
        loop {
            match self.stream.read(chunk) {
                Ok(0) => return Ok(Step::Ended),
                Ok(count) => self.received.extend_from_slice(chunk.get(..count).unwrap_or_default()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Step::Waits),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return Ok(Step::Ended),
            }
            let head = framing::head(&self.received).map_err(|_| "an answer that cannot be read")?;
            if let Some(head) = head.filter(|head| head.length <= self.received.len()) {
                self.received.clear();
                return Ok(Step::Answered(head));
            }
        }
    }
}

impl Flood<'_> {
    fn run(mut self, lanes: &mut [Lane]) -> Outcome<Tally> {
        let span = Span::of(self.options)?;
        for lane in lanes.iter_mut() {
            self.feed(lane)?;
        }
        let (mut events, mut chunk) = (Events::with_capacity(1024), vec![0; BUFFER]);
        let mut now = stopwatch::now();
        while now < span.end && self.options.count.is_none_or(|count| self.tally.answers() < count) {
            let rest = span.end.saturating_duration_since(now).min(Duration::from_millis(100));
            match self.poll.poll(&mut events, Some(rest)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => other?,
            }
            for event in &events {
                let Some(lane) = lanes.get_mut(event.token().0) else { continue };
                self.serve(lane, &mut chunk, span)?;
            }
            now = stopwatch::now();
        }
        self.tally.lasted(now.min(span.end).saturating_duration_since(span.start));
        Ok(self.tally)
    }

    /// The socket may have become readable, writable, or both.
    fn serve(&mut self, lane: &mut Lane, chunk: &mut [u8], span: Span) -> Outcome<()> {
        if lane.push().is_err() {
            return self.mend(lane);
        }
        match lane.pull(chunk)? {
            Step::Waits => Ok(()),
            Step::Ended => self.mend(lane),
            Step::Answered(head) => {
                let now = stopwatch::now();
                if now >= span.start && now < span.end {
                    self.tally.answered(head, now.saturating_duration_since(lane.sent_at));
                }
                self.broken = 0;
                if head.closes {
                    *lane = Lane::open(self.poll, self.options.address, lane.number)?;
                }
                self.feed(lane)
            }
        }
    }

    fn feed(&mut self, lane: &mut Lane) -> Outcome<()> {
        let request = self.requests.get(self.next % self.requests.len()).map_or(&[][..], Vec::as_slice);
        self.next = self.next.wrapping_add(1);
        match lane.send(request) {
            Ok(()) => Ok(()),
            Err(_) => self.mend(lane),
        }
    }

    fn mend(&mut self, lane: &mut Lane) -> Outcome<()> {
        self.tally.broke();
        self.broken += 1;
        if self.broken > MOST_BROKEN {
            return Err("the server ends every connection".into());
        }
        *lane = Lane::open(self.poll, self.options.address, lane.number)?;
        self.feed(lane)
    }
}
