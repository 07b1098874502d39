//! So many requests a second, whatever becomes of them. Each connection has a thread and a timetable.
//! A request that is late because the answer before it was late counts from its place in the
//! timetable: waiting is the server's doing. One that is late because the timer was counts from when
//! it was sent.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::Span;
use super::framing::{self, Head};
use super::tally::Tally;
use crate::Outcome;
use crate::command_line::LoadOptions;
use crate::stopwatch;

/// After this an answer is not waited for any longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Sends `rate` requests a second over all connections.
///
/// # Errors
/// When nobody listens, or an answer cannot be read.
pub(super) fn run(options: &LoadOptions, requests: &[Vec<u8>], rate: f64) -> Outcome<Tally> {
    let connections = u32::try_from(options.connections)?;
    let pace = Duration::try_from_secs_f64(f64::from(connections) / rate)?;
    let span = Span::of(options)?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|number| {
                let begin = stopwatch::now() + pace * number / connections;
                let own = Timetable { begin, pace, span, first: number, step: connections };
                scope.spawn(move || own.follow(options, requests))
            })
            .collect();
        let mut all = Tally::default();
        for thread in threads {
            all.merge(thread.join().map_err(|_| "a thread of the load generator died")??);
        }
        Ok(all)
    })
}

struct Timetable {
    begin: Instant,
    pace: Duration,
    span: Span,
    first: u32,
    step: u32,
}

impl Timetable {
    fn follow(&self, options: &LoadOptions, requests: &[Vec<u8>]) -> Outcome<Tally> {
        let mut stream = TcpStream::connect(options.address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut tally = Tally::default();
        let mut chosen = (0..).map(|turn: usize| {
            let index = (self.first as usize).wrapping_add(turn.wrapping_mul(self.step as usize));
            requests.get(index % requests.len()).map_or(&[][..], Vec::as_slice)
        });
        let mut due = self.begin;
        while due < self.span.end {
            let now = stopwatch::now();
            let counts_from = if now < due {
                stopwatch::wait(due.duration_since(now));
                stopwatch::now()
            } else {
                due
            };
            match exchange(&mut stream, chosen.next().unwrap_or_default()) {
                Ok(head) if due >= self.span.start => {
                    tally.answered(head, stopwatch::now().saturating_duration_since(counts_from));
                }
                Ok(_) => {}
                Err(error) => {
                    eprintln!("account-bench: broken: {error}");
                    tally.broke();
                    stream = TcpStream::connect(options.address)?;
                    stream.set_nodelay(true)?;
                    stream.set_read_timeout(Some(PATIENCE))?;
                }
            }
            due += self.pace;
        }
        tally.lasted(self.span.end.duration_since(self.span.start));
        Ok(tally)
    }
}

fn exchange(stream: &mut TcpStream, request: &[u8]) -> Outcome<Head> {
    stream.write_all(request)?;
    let (mut received, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err("the connection ended".into());
        }
        received.extend_from_slice(chunk.get(..count).unwrap_or_default());
        let head = framing::head(&received).map_err(|_| "an answer that cannot be read")?;
        if let Some(head) = head.filter(|head| head.length <= received.len()) {
            return Ok(head);
        }
    }
}
