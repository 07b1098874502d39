//! The load generator, called and read.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::failure::{Failure, Outcome};

/// Before the time that counts, this part of it: connections, caches and allocators first.
pub(super) const WARM_UP: f64 = 0.125;

/// One load.
#[derive(Debug, Clone)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    pub(super) requests: PathBuf,
    pub(super) connections: usize,
    pub(super) length: Length,
    /// Requests a second, instead of as many as are answered.
    pub(super) pace: Option<f64>,
}

/// How long a load goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum Length {
    Seconds(f64),
    Count(u64),
}

/// What came back.
#[derive(Debug, Clone)]
pub(super) struct Report {
    /// Answers a second, and those of status 2xx.
    pub(super) rate: f64,
    pub(super) success_rate: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) refusals_without_retry_after: u64,
    pub(super) broken: u64,
}

impl Report {
    /// How many answers have another status than these, or none at all.
    pub(super) fn other_than(&self, expected: &[u16]) -> u64 {
        let other = self.statuses.iter().filter(|(status, _)| !expected.contains(status));
        other.map(|(_, count)| count).sum::<u64>() + self.broken
    }

    /// Fails unless every answer was a success: a fast refusal is no result.
    pub(super) fn all_succeeded(self, what: &str) -> Outcome<Self> {
        self.all_answered_with(200, what)
    }

    /// Fails unless every answer had this status.
    pub(super) fn all_answered_with(self, status: u16, what: &str) -> Outcome<Self> {
        let failed = self.other_than(&[status]);
        if failed == 0 && self.statuses.contains_key(&status) {
            return Ok(self);
        }
        Err(Failure::new(format!(
            "{what}: not all was answered with {status}: {:?}, {} broken",
            self.statuses, self.broken
        )))
    }

    /// Fails unless there were successes: what was only refused put no load on anything.
    pub(super) fn some_succeeded(self, what: &str) -> Outcome<Self> {
        if self.success_rate > 0.0 {
            return Ok(self);
        }
        Err(Failure::new(format!("{what}: none succeeded: {:?}, {} broken", self.statuses, self.broken)))
    }

    /// Which part of the answers had this status.
    pub(super) fn part(&self, status: u16) -> f64 {
        let all = self.statuses.values().sum::<u64>() + self.broken;
        self.statuses.get(&status).copied().unwrap_or_default() as f64 / all.max(1) as f64
    }
}

impl Load {
    /// Runs it to its end.
    ///
    /// # Errors
    /// When the load generator fails.
    pub(super) fn run(&self, bench: &Path) -> Outcome<Report> {
        finish(self.start(bench)?)
    }

    /// Starts it beside something else.
    ///
    /// # Errors
    /// When the load generator cannot be started.
    pub(super) fn start(&self, bench: &Path) -> Outcome<Child> {
        let mut command = Command::new(bench);
        command.arg("load").arg("--address").arg(self.address.to_string());
        command.arg("--requests").arg(&self.requests);
        command.arg("--connections").arg(self.connections.to_string());
        match self.length {
            Length::Seconds(seconds) => {
                command.args([
                    "--seconds",
                    &seconds.to_string(),
                    "--warm-up",
                    &(seconds * WARM_UP).to_string(),
                ]);
            }
            Length::Count(count) => {
                command.args(["--count", &count.to_string()]);
            }
        }
        if let Some(pace) = self.pace {
            command.args(["--pace", &pace.to_string()]);
        }
        let started = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
        started.map_err(Failure::from_io("cannot start the load generator"))
    }
}

/// Runs a load, and another one beside it, if there is one.
///
/// # Errors
/// When the load generator fails.
pub(super) fn beside(
    watched: &Load,
    other: Option<&Load>,
    bench: &Path,
) -> Outcome<(Report, Option<Report>)> {
    let other = other.map(|other| other.start(bench)).transpose()?;
    let report = watched.run(bench);
    // Waited for in any case: it must not go on beside what is measured next.
    let other = other.map(finish).transpose()?;
    Ok((report?, other))
}

/// Waits for a load that was started.
///
/// # Errors
/// When it failed.
pub(super) fn finish(load: Child) -> Outcome<Report> {
    let output = load.wait_with_output().map_err(Failure::from_io("the load generator is lost"))?;
    if !output.status.success() {
        return Err(Failure::new(format!("the load generator failed ({})", output.status)));
    }
    parse(&output.stdout).ok_or_else(|| Failure::new("the load generator's report cannot be read"))
}

fn parse(json: &[u8]) -> Option<Report> {
    let report: Value = serde_json::from_slice(json).ok()?;
    let statuses = report.get("statuses")?.as_object()?.iter();
    let latency = report.get("latency_us")?;
    Some(Report {
        rate: report.get("rate")?.as_f64()?,
        success_rate: report.get("success_rate")?.as_f64()?,
        p50_us: latency.get("p50")?.as_f64()?,
        p99_us: latency.get("p99")?.as_f64()?,
        statuses: statuses
            .map(|(status, count)| Some((status.parse().ok()?, count.as_u64()?)))
            .collect::<Option<_>>()?,
        refusals_without_retry_after: report.get("refusals_without_retry_after")?.as_u64()?,
        broken: report.get("broken")?.as_u64()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &[u8] = br#"{"answers":3,"succeeded":2,"seconds":1.0,"rate":3.0,"success_rate":2.0,
        "statuses":{"200":2,"503":1},"refusals_without_retry_after":0,"broken":1,
        "latency_us":{"p50":1.0,"p90":2.0,"p99":3.5,"p999":4.0,"max":5.0}}"#;

    #[test]
    fn a_report_is_read_and_a_failure_in_it_is_not_overlooked() {
        let report = parse(REPORT).unwrap();
        assert_eq!((report.success_rate, report.p99_us), (2.0, 3.5));
        assert_eq!(report.other_than(&[200]), 2);
        assert_eq!(report.other_than(&[200, 503]), 1);
        assert_eq!(report.part(503), 0.25);
        assert!(report.clone().all_answered_with(503, "refusals").is_err());
        assert!(report.clone().all_succeeded("reads").is_err());
        let refused = Report { success_rate: 0.0, ..report.clone() };
        assert!(report.some_succeeded("sign-ins").is_ok() && refused.some_succeeded("sign-ins").is_err());
        assert!(parse(b"{}").is_none());
    }
}
