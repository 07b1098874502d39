//! What can be said on the command line of `cargo xtask bench`.

use crate::failure::{Failure, Outcome};

/// Repetitions that a verdict needs.
pub(super) const ENOUGH: usize = 5;

/// What and how much to measure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Options {
    /// Repetitions; a verdict needs at least [`ENOUGH`].
    pub(super) repetitions: usize,
    /// Seconds of each load.
    pub(super) seconds: f64,
    /// Accounts of the large database.
    pub(super) large: u64,
    /// The groups to measure; all if it is empty.
    pub(super) only: Vec<Group>,
    /// A look whether all of it works: too short for a verdict.
    pub(super) quick: bool,
    /// Write what `docs/performance.md` shows.
    pub(super) document: bool,
}

/// Measures that are taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Sqlite,
    Postgres,
    SignIns,
    Storm,
    Commits,
    Growth,
    Cold,
    Memory,
    Start,
    Nodes,
}

impl Group {
    pub(super) const ALL: [(&'static str, Self); 10] = [
        ("sqlite", Self::Sqlite),
        ("postgres", Self::Postgres),
        ("sign-ins", Self::SignIns),
        ("storm", Self::Storm),
        ("commits", Self::Commits),
        ("growth", Self::Growth),
        ("cold", Self::Cold),
        ("memory", Self::Memory),
        ("start", Self::Start),
        ("nodes", Self::Nodes),
    ];

    fn parse(name: &str) -> Outcome<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, group)| *group).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            Failure::new(format!("no measures called `{name}`; there are {}", names.join(", ")))
        })
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            repetitions: ENOUGH,
            seconds: 4.0,
            large: 10_000_000,
            only: Vec::new(),
            quick: false,
            document: false,
        }
    }
}

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(arguments: &[String]) -> Outcome<Self> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            let mut value = || rest.next().ok_or_else(|| Failure::new(format!("{argument} needs a value")));
            match argument.as_str() {
                "--repetitions" => options.repetitions = number(argument, value()?)?,
                "--seconds" => options.seconds = number(argument, value()?)?,
                "--large" => options.large = number(argument, value()?)?,
                "--only" => {
                    options.only = value()?.split(',').map(Group::parse).collect::<Outcome<_>>()?;
                }
                "--quick" => {
                    options = Self { repetitions: 2, seconds: 0.5, large: 20_000, quick: true, ..options };
                }
                "--document" => options.document = true,
                unknown => return Err(Failure::new(format!("bench has no option `{unknown}`"))),
            }
        }
        if options.repetitions == 0 || !(0.1..=3600.0).contains(&options.seconds) {
            return Err(Failure::new("at least one repetition, and between 0.1 and 3600 seconds"));
        }
        let whole = Self::default();
        let shorter = options.repetitions < whole.repetitions || options.seconds < whole.seconds;
        if options.document && (shorter || options.large != whole.large || !options.only.is_empty()) {
            return Err(Failure::new("--document wants the whole run, of at least five repetitions"));
        }
        Ok(options)
    }

    pub(super) fn wants(&self, group: Group) -> bool {
        self.only.is_empty() || self.only.contains(&group)
    }
}

fn number<T: std::str::FromStr>(option: &str, text: &str) -> Outcome<T> {
    text.replace('_', "").parse().map_err(|_| Failure::new(format!("{option}: `{text}` is no number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Outcome<Options> {
        Options::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn without_options_everything_is_measured_five_times_at_ten_million() {
        let options = parse("").unwrap();
        assert_eq!((options.repetitions, options.large, options.quick), (5, 10_000_000, false));
        assert!(Group::ALL.iter().all(|(_, group)| options.wants(*group)));
    }

    #[test]
    fn groups_are_chosen_by_name() {
        let options = parse("--only storm,memory --repetitions 7 --large 1_000_000").unwrap();
        assert!(options.wants(Group::Storm) && options.wants(Group::Memory));
        assert!(!options.wants(Group::Sqlite));
        assert_eq!((options.repetitions, options.large), (7, 1_000_000));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (line, named) in [
            ("--fast", "--fast"),
            ("--only weather", "weather"),
            ("--seconds soon", "soon"),
            ("--large", "--large"),
            ("--repetitions 0", "repetition"),
            ("--document --repetitions 4", "--document"),
            ("--only storm --document", "--document"),
        ] {
            assert!(parse(line).unwrap_err().to_string().contains(named), "{line}");
        }
    }
}
