//! What must hold. This table is the only place where a bar stands; nothing lowers it.

use super::samples::Samples;

/// On which side of the bar a value must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

impl Bar {
    pub(super) fn holds(self, value: f64) -> bool {
        match self {
            Self::AtLeast(bar) => value >= bar,
            Self::AtMost(bar) => value <= bar,
        }
    }

    pub(super) fn number(self) -> f64 {
        match self {
            Self::AtLeast(bar) | Self::AtMost(bar) => bar,
        }
    }

    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::AtLeast(_) => "≥",
            Self::AtMost(_) => "≤",
        }
    }
}

/// Which of a measure's samples is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judged {
    /// The median of the repetitions.
    Median,
    /// The worst of them: memory, and rules that may not be broken once.
    Worst,
}

/// One measure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measure {
    /// What its samples are kept under.
    pub(super) name: &'static str,
    /// What it says in the table.
    pub(super) words: &'static str,
    pub(super) bar: Bar,
    pub(super) unit: &'static str,
    pub(super) judged: Judged,
}

const fn ratio(name: &'static str, words: &'static str, bar: Bar) -> Measure {
    Measure { name, words, bar, unit: "", judged: Judged::Median }
}

/// Every measure.
pub(super) const MEASURES: [Measure; 15] = [
    ratio("key/sqlite", "read by key, SQLite, against the floor", Bar::AtLeast(0.85)),
    ratio("session/sqlite", "read by session, SQLite, against the floor", Bar::AtLeast(0.80)),
    ratio("key/postgres", "read by key, PostgreSQL, against its floor", Bar::AtLeast(0.85)),
    ratio("sign-ins", "sign-ins a second, against cores ÷ time of one C libargon2 hash", Bar::AtLeast(0.95)),
    ratio("storm-8", "p99 of a paced read while 8 clients sign in, against its quiet p99", Bar::AtMost(3.0)),
    ratio("storm-64", "the same while 64 clients sign in", Bar::AtMost(4.0)),
    Measure {
        name: "refusals",
        words: "answers in storms of 64 and 256 that are neither 200 nor 503 with `Retry-After`",
        bar: Bar::AtMost(0.0),
        unit: "",
        judged: Judged::Worst,
    },
    ratio("commits", "durable commits a second, 64 writers against one at a time", Bar::AtLeast(6.0)),
    ratio("growth/read", "read at ten million accounts against ten thousand, warm", Bar::AtLeast(0.85)),
    ratio("growth/create", "creating a key at ten million accounts against ten thousand", Bar::AtLeast(0.8)),
    Measure {
        name: "memory/idle",
        words: "memory, idle",
        bar: Bar::AtMost(16.0),
        unit: "MiB",
        judged: Judged::Worst,
    },
    Measure {
        name: "memory/peak",
        words: "memory, peak in the storm of 64",
        bar: Bar::AtMost(128.0),
        unit: "MiB",
        judged: Judged::Worst,
    },
    Measure {
        name: "start",
        words: "start to first answer, ten million accounts",
        bar: Bar::AtMost(100.0),
        unit: "ms",
        judged: Judged::Median,
    },
    ratio("growth/postgres-read", "the same read on PostgreSQL", Bar::AtLeast(0.85)),
    ratio("growth/postgres-create", "the same creation on PostgreSQL", Bar::AtLeast(0.8)),
];

impl Measure {
    /// The value that is compared with the bar; nothing if it was not measured.
    pub(super) fn value(&self, samples: &Samples) -> Option<f64> {
        match (self.judged, self.bar) {
            (Judged::Median, _) => samples.median(self.name),
            (Judged::Worst, Bar::AtLeast(_)) => samples.range(self.name).map(|(least, _)| least),
            (Judged::Worst, Bar::AtMost(_)) => samples.range(self.name).map(|(_, most)| most),
        }
    }

    pub(super) fn holds(&self, samples: &Samples) -> Option<bool> {
        self.value(samples).map(|value| self.bar.holds(value))
    }
}

/// Whether all that was measured holds.
pub(super) fn all_hold(samples: &Samples) -> bool {
    MEASURES.iter().all(|measure| measure.holds(samples) != Some(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bars_are_these_and_are_never_lowered() {
        let bars: Vec<(&str, f64)> = MEASURES.iter().map(|one| (one.name, one.bar.number())).collect();
        assert_eq!(
            bars,
            [
                ("key/sqlite", 0.85),
                ("session/sqlite", 0.80),
                ("key/postgres", 0.85),
                ("sign-ins", 0.95),
                ("storm-8", 3.0),
                ("storm-64", 4.0),
                ("refusals", 0.0),
                ("commits", 6.0),
                ("growth/read", 0.85),
                ("growth/create", 0.8),
                ("memory/idle", 16.0),
                ("memory/peak", 128.0),
                ("start", 100.0),
                ("growth/postgres-read", 0.85),
                ("growth/postgres-create", 0.8),
            ]
        );
    }

    #[test]
    fn memory_is_judged_by_its_worst_and_speed_by_its_median() {
        let mut samples = Samples::default();
        for value in [10.0, 11.0, 17.0] {
            samples.add("memory/idle", value);
        }
        for value in [0.9, 0.2, 0.86] {
            samples.add("key/sqlite", value);
        }
        let [key, .., idle, _, _, _, _] = &MEASURES;
        assert_eq!((key.value(&samples), key.holds(&samples)), (Some(0.86), Some(true)));
        assert_eq!((idle.value(&samples), idle.holds(&samples)), (Some(17.0), Some(false)));
        assert!(!all_hold(&samples));
    }

    #[test]
    fn what_was_not_measured_neither_holds_nor_fails() {
        let samples = Samples::default();
        assert!(MEASURES.iter().all(|measure| measure.holds(&samples).is_none()));
        assert!(all_hold(&samples));
    }
}
