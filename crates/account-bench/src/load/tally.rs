//! What came back, and how long it took. Every latency is kept: a few million of them fit into the
//! memory that a histogram's rounding is not worth.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::framing::Head;

/// Counts of one load.
#[derive(Debug, Default)]
pub(super) struct Tally {
    latencies: Vec<u64>,
    statuses: BTreeMap<u16, u64>,
    refusals_without_retry_after: u64,
    broken: u64,
    lasted: Duration,
}

impl Tally {
    /// An answer, after so long.
    pub(super) fn answered(&mut self, head: Head, after: Duration) {
        self.latencies.push(u64::try_from(after.as_nanos()).unwrap_or(u64::MAX));
        *self.statuses.entry(head.status).or_default() += 1;
        if matches!(head.status, 429 | 503) && !head.says_when_to_come_back {
            self.refusals_without_retry_after += 1;
        }
    }

    /// A connection that ended before its answer.
    pub(super) fn broke(&mut self) {
        self.broken += 1;
    }

    /// How many answers so far.
    pub(super) fn answers(&self) -> u64 {
        u64::try_from(self.latencies.len()).unwrap_or(u64::MAX)
    }

    /// How long was measured.
    pub(super) fn lasted(&mut self, time: Duration) {
        self.lasted = time;
    }

    /// Takes in what another thread counted meanwhile.
    pub(super) fn merge(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        for (status, count) in other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.refusals_without_retry_after += other.refusals_without_retry_after;
        self.broken += other.broken;
        self.lasted = self.lasted.max(other.lasted);
    }

    pub(super) fn report(mut self) -> Report {
        self.latencies.sort_unstable();
        let seconds = self.lasted.as_secs_f64();
        let succeeded: u64 = self
            .statuses
            .iter()
            .filter(|(status, _)| (200..300).contains(*status))
            .map(|(_, count)| count)
            .sum();
        let rate = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        Report {
            answers: self.answers(),
            succeeded,
            seconds,
            rate: rate(self.answers()),
            success_rate: rate(succeeded),
            latency_us: Latency {
                p50: self.percentile(0.5),
                p90: self.percentile(0.9),
                p99: self.percentile(0.99),
                p999: self.percentile(0.999),
                max: self.percentile(1.0),
            },
            statuses: self.statuses,
            refusals_without_retry_after: self.refusals_without_retry_after,
            broken: self.broken,
        }
    }

    /// In microseconds; the smallest latency that so large a share of all is not above.
    fn percentile(&self, share: f64) -> f64 {
        let rank = (share * self.latencies.len() as f64).ceil().max(1.0) as usize;
        self.latencies.get(rank - 1).map_or(0.0, |nanos| *nanos as f64 / 1000.0)
    }
}

/// One load in numbers.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    answers: u64,
    succeeded: u64,
    seconds: f64,
    rate: f64,
    success_rate: f64,
    statuses: BTreeMap<u16, u64>,
    refusals_without_retry_after: u64,
    broken: u64,
    latency_us: Latency,
}

#[derive(Debug, Serialize)]
struct Latency {
    p50: f64,
    p90: f64,
    p99: f64,
    p999: f64,
    max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(status: u16, says_when_to_come_back: bool) -> Head {
        Head { status, says_when_to_come_back, closes: false, length: 0 }
    }

    #[test]
    fn a_percentile_is_a_latency_that_was_measured() {
        let mut tally = Tally::default();
        for micros in (1..=200).rev() {
            tally.answered(head(200, false), Duration::from_micros(micros));
        }
        tally.lasted(Duration::from_secs(2));
        let report = tally.report();
        let latency = &report.latency_us;
        assert_eq!((latency.p50, latency.p99, latency.max), (100.0, 198.0, 200.0));
        assert_eq!((report.answers, report.rate), (200, 100.0));
    }

    #[test]
    fn refusals_are_no_success_and_must_say_when_to_come_back() {
        let mut tally = Tally::default();
        tally.answered(head(503, true), Duration::ZERO);
        let mut other = Tally::default();
        other.answered(head(503, false), Duration::ZERO);
        other.answered(head(204, false), Duration::ZERO);
        other.broke();
        tally.merge(other);
        let report = tally.report();
        assert_eq!((report.answers, report.succeeded, report.broken), (3, 1, 1));
        assert_eq!(report.refusals_without_retry_after, 1);
    }

    #[test]
    fn nothing_measured_is_zero() {
        let report = Tally::default().report();
        assert_eq!((report.rate, report.latency_us.p99), (0.0, 0.0));
    }
}
