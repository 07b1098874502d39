//! A small load generator for HTTP/1.1 over keep-alive connections, without pipelining. It shares the
//! machine with what it measures, so it does as little as it can: requests are bytes made before, and
//! of an answer it reads the status, the length, and whether a refusal says when to come back.

mod flood;
mod framing;
mod paced;
mod tally;

use std::fs::File;
use std::io::BufReader;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::command_line::LoadOptions;
use crate::stopwatch;
use tally::Report;

/// Puts load on a server as the options say.
///
/// # Errors
/// When the requests cannot be read, or nobody listens.
pub(crate) fn run(options: &LoadOptions) -> Outcome<Report> {
    let requests: Vec<String> = serde_json::from_reader(BufReader::new(File::open(&options.requests)?))?;
    if requests.is_empty() || options.connections == 0 {
        return Err("there is nothing to send, or nothing to send it on".into());
    }
    let requests: Vec<Vec<u8>> = requests.into_iter().map(String::into_bytes).collect();
    let tally = match options.pace {
        Some(rate) => paced::run(options, &requests, rate)?,
        None => flood::run(options, &requests)?,
    };
    Ok(tally.report())
}

/// When measuring begins and when it ends.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: Instant,
    end: Instant,
}

impl Span {
    /// From now on, as the options say.
    fn of(options: &LoadOptions) -> Outcome<Self> {
        let start = stopwatch::now() + Duration::try_from_secs_f64(options.warm_up)?;
        let length = match options.count {
            // Long enough for any count; the count ends it.
            Some(_) => Duration::from_secs(3600),
            None => Duration::try_from_secs_f64(options.seconds)?,
        };
        Ok(Self { start, end: start + length })
    }
}
