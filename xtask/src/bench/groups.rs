//! The groups of measures. Each takes one sample of each of its subjects in a repetition, forwards in
//! one and backwards in the next, and keeps the ratio of what lay close together. What takes a large
//! database is in [`growth`](super::growth).

use std::path::{Path, PathBuf};

use super::Programs;
use super::argon2::Argon2Clock;
use super::database::Database;
use super::load::{self, Length, Load, Report};
use super::machine;
use super::options::{Group, Options};
use super::place::Place;
use super::requests;
use super::samples::Samples;
use super::subject::Subject;
use crate::clock;
use crate::failure::{Failure, Outcome};
use crate::postgres::{self, Durability, Postgres};
use std::time::Duration;

/// Accounts of the small databases.
const SMALL: u64 = 10_000;
/// Connections of a flood of reads.
pub(super) const READERS: usize = 32;
/// A paced read: so many a second, over so many connections.
pub(super) const PACE: f64 = 400.0;
pub(super) const PACED: usize = 4;
/// Clients that sign in at once, more than the queue of passwords holds.
const CROWD: usize = 256;
/// Hashes of C libargon2 in one sample.
const HASHES: u32 = 25;
/// A server at rest is looked at after so long.
const REST: Duration = Duration::from_secs(2);
/// What a storm leaves to be done, in the system and on its disk, has so long before the next paced reads, which a
/// server of their own answers: the quiet ones come after a storm in every second repetition.
const AFTER_A_STORM: Duration = Duration::from_secs(4);

/// All that is measured, ready to be.
pub(super) struct Field {
    pub(super) options: Options,
    pub(super) programs: Programs,
    pub(super) folder: PathBuf,
    argon2: Option<Argon2Clock>,
    pub(super) small: Database,
    pub(super) postgres: Option<OnPostgres>,
}

pub(super) struct OnPostgres {
    pub(super) cluster: Postgres,
    pub(super) small: Database,
}

impl Field {
    /// Makes the small databases.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub(super) fn prepare(options: &Options, programs: Programs, folder: PathBuf) -> Outcome<Self> {
        let small = Database::sqlite(&programs, &folder, SMALL)?;
        let postgres =
            match [Group::Postgres, Group::Growth, Group::Nodes].iter().any(|group| options.wants(*group)) {
                true => Some(OnPostgres::prepare(&programs, &folder)?),
                false => None,
            };
        let argon2 = match options.wants(Group::SignIns) {
            true => Some(Argon2Clock::build(&folder)?),
            false => None,
        };
        Ok(Self { options: options.clone(), programs, folder, argon2, small, postgres })
    }

    /// One sample of everything that needs no large database.
    ///
    /// # Errors
    /// When something does not work as it should: numbers of a broken run are worth nothing.
    pub(super) fn measure(&self, repetition: usize, samples: &mut Samples) -> Outcome<()> {
        type Measuring = fn(&Field, bool, &mut Samples) -> Outcome<()>;
        let groups: [(Group, Measuring); 7] = [
            (Group::Sqlite, Self::reads_on_sqlite),
            (Group::Postgres, Self::reads_on_postgres),
            (Group::SignIns, Self::sign_ins),
            (Group::Storm, Self::storm),
            (Group::Commits, Self::commits),
            (Group::Memory, Self::memory),
            (Group::Nodes, Self::nodes),
        ];
        for (group, measuring) in groups {
            if self.options.wants(group) {
                measuring(self, repetition % 2 == 1, samples)?;
            }
        }
        Ok(())
    }

    /// Takes away what does not stay.
    ///
    /// # Errors
    /// When PostgreSQL cannot be taken away.
    pub(super) fn finish(self) -> Outcome<()> {
        self.small.tidy(&self.programs)?;
        let Some(postgres) = self.postgres else { return Ok(()) };
        postgres.small.drop(&self.programs)?;
        postgres.cluster.finish()
    }

    fn reads_on_sqlite(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let (server, floor) = (self.server(&self.small)?, self.floor("floor-sqlite", &self.small)?);
        let by_key = requests::by_key(&self.small.usable);
        let by_session = requests::by_session(server.address, &self.small.usable)?;
        let rates = in_order(
            backwards,
            // The floor is both sides' neighbour.
            [
                &|| self.read_rate(&server, "by-key", &by_key),
                &|| self.read_rate(&floor, "floor", &by_key),
                &|| self.read_rate(&server, "by-session", &by_session),
            ],
        )?;
        let [key, floor, session] = rates;
        samples.add("rate/sqlite/floor", floor);
        samples.add("rate/sqlite/by-key", key);
        samples.add("rate/sqlite/by-session", session);
        samples.add_ratio("key/sqlite", key, floor);
        samples.add_ratio("session/sqlite", session, floor);
        Ok(())
    }

    fn reads_on_postgres(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let Some(OnPostgres { small, .. }) = &self.postgres else { return Ok(()) };
        let (server, floor) = (self.server(small)?, self.floor("floor-postgres", small)?);
        let by_key = requests::by_key(&small.usable);
        let [floor, key] = in_order(
            backwards,
            [&|| self.read_rate(&floor, "floor", &by_key), &|| self.read_rate(&server, "by-key", &by_key)],
        )?;
        samples.add("rate/postgres/floor", floor);
        samples.add("rate/postgres/by-key", key);
        samples.add_ratio("key/postgres", key, floor);
        Ok(())
    }

    fn sign_ins(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let Some(argon2) = &self.argon2 else { return Ok(()) };
        let server = self.server(&self.small)?;
        let requests = self.written("sign-ins", &requests::sign_ins(&self.small.usable))?;
        let [rate, hash] = in_order(
            backwards,
            [
                &|| {
                    Ok(self
                        .flood(&server, requests.clone(), 8)
                        .run(&self.programs.bench)?
                        .all_succeeded("sign-ins")?
                        .success_rate)
                },
                &|| argon2.seconds(HASHES),
            ],
        )?;
        let most = machine::cores() as f64 / hash;
        samples.add("rate/sign-ins", rate);
        samples.add("hash/c-libargon2-ms", hash * 1000.0);
        samples.add_ratio("sign-ins", rate, most);
        Ok(())
    }

    fn storm(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let reads = self.written("by-key", &requests::by_key(&self.small.usable))?;
        let sign_ins = self.written("sign-ins", &requests::sign_ins(&self.small.usable))?;
        let read = |clients: usize| -> Outcome<Calm> {
            let server = self.server(&self.small)?;
            clock::wait(AFTER_A_STORM);
            let paced = Load {
                pace: Some(PACE),
                // A p99 wants more answers than a rate.
                length: Length::Seconds(self.options.seconds * 4.0),
                ..self.flood(&server, reads.clone(), PACED)
            };
            let flood = Load {
                length: Length::Seconds(self.options.seconds * 5.0),
                ..self.flood(&server, sign_ins.clone(), clients)
            };
            let storm = (clients > 0).then_some(&flood);
            let (report, storm) = load::beside(&paced, storm, &self.programs.bench)?;
            let report = report.all_succeeded("paced reads")?;
            let storm = storm.map(|storm| storm.some_succeeded("sign-ins beside paced reads")).transpose()?;
            let (refusals, sign_ins) =
                storm.map_or((0, 0.0), |storm| (breaks_the_rule(&storm), storm.success_rate));
            Ok(Calm { p50: report.p50_us, p99: report.p99_us, refusals: refusals as f64, sign_ins })
        };
        let [quiet, eight, many] = in_order(backwards, [&|| read(0), &|| read(8), &|| read(64)])?;
        for (name, calm) in [("quiet", &quiet), ("8", &eight), ("64", &many)] {
            samples.add(&format!("paced/{name}/p50-us"), calm.p50);
            samples.add(&format!("paced/{name}/p99-us"), calm.p99);
        }
        samples.add("rate/sign-ins-in-storm-of-8", eight.sign_ins);
        samples.add("rate/sign-ins-in-storm-of-64", many.sign_ins);
        samples.add_ratio("storm-8", eight.p99, quiet.p99);
        samples.add_ratio("storm-64", many.p99, quiet.p99);
        let server = self.server(&self.small)?;
        let crowd = self.flood(&server, sign_ins, CROWD).run(&self.programs.bench)?;
        let crowd = crowd.some_succeeded("sign-ins of a crowd")?;
        samples.add("rate/refusals-in-storm-of-256", crowd.rate * crowd.part(503));
        samples.add("rate/sign-ins-in-storm-of-256", crowd.success_rate);
        samples.add("refusals", eight.refusals + many.refusals + breaks_the_rule(&crowd) as f64);
        Ok(())
    }

    fn commits(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let seconds = self.options.seconds;
        let [many, one] = in_order(
            backwards,
            [&|| self.small.commits(&self.programs, 64, seconds), &|| {
                self.small.commits(&self.programs, 1, seconds)
            }],
        )?;
        self.small.tidy(&self.programs)?;
        samples.add("rate/commits/64-writers", many);
        samples.add("rate/commits/1-writer", one);
        samples.add_ratio("commits", many, one);
        Ok(())
    }

    fn memory(&self, _backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let server = self.server(&self.small)?;
        clock::wait(REST);
        samples.add("memory/idle", server.memory()?);
        let sign_ins = self.written("sign-ins", &requests::sign_ins(&self.small.usable))?;
        self.flood(&server, sign_ins, 64).run(&self.programs.bench)?.some_succeeded("sign-ins")?;
        samples.add("memory/peak", server.peak_memory()?);
        Ok(())
    }

    fn nodes(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let Some(OnPostgres { small, .. }) = &self.postgres else { return Ok(()) };
        self.place(small).nodes(backwards, samples)
    }

    pub(super) fn place<'a>(&'a self, database: &'a Database) -> Place<'a> {
        Place { programs: &self.programs, folder: &self.folder, database, seconds: self.options.seconds }
    }

    pub(super) fn server(&self, database: &Database) -> Outcome<Subject> {
        let mut server = Subject::server(&self.programs, database, &self.folder)?;
        server.answers(first(&requests::by_key(&database.usable))?)?;
        Ok(server)
    }

    fn floor(&self, kind: &str, database: &Database) -> Outcome<Subject> {
        let mut floor = Subject::floor(&self.programs, kind, database)?;
        floor.answers(first(&requests::by_key(&database.usable))?)?;
        Ok(floor)
    }

    pub(super) fn read_rate(&self, subject: &Subject, name: &str, requests: &[String]) -> Outcome<f64> {
        let load = self.flood(subject, self.written(name, requests)?, READERS);
        Ok(load.run(&self.programs.bench)?.all_succeeded(name)?.success_rate)
    }

    pub(super) fn flood(&self, subject: &Subject, requests: PathBuf, connections: usize) -> Load {
        let length = Length::Seconds(self.options.seconds);
        Load { address: subject.address, requests, connections, length, pace: None }
    }

    pub(super) fn written(&self, name: &str, requests: &[String]) -> Outcome<PathBuf> {
        requests::write(&self.folder, name, requests)
    }
}

/// A paced read beside a storm.
struct Calm {
    p50: f64,
    p99: f64,
    /// Answers in the storm that break the rule.
    refusals: f64,
    sign_ins: f64,
}

impl OnPostgres {
    fn prepare(programs: &Programs, folder: &Path) -> Outcome<Self> {
        let cluster = postgres::provide(Durability::Durable)?;
        let small = Database::postgres(programs, folder, cluster.url(), SMALL)?;
        Ok(Self { cluster, small })
    }
}

/// Answers in a storm that are neither 200 nor 503 with `Retry-After`.
fn breaks_the_rule(storm: &Report) -> u64 {
    storm.other_than(&[200, 503]) + storm.refusals_without_retry_after
}

/// Runs all, from the last to the first if `backwards`; the answers are in the order given.
pub(super) fn in_order<T, const N: usize>(
    backwards: bool,
    all: [&dyn Fn() -> Outcome<T>; N],
) -> Outcome<[T; N]> {
    let mut answers: Vec<T> = Vec::with_capacity(N);
    if backwards {
        for one in all.iter().rev() {
            answers.push(one()?);
        }
        answers.reverse();
    } else {
        for one in all {
            answers.push(one()?);
        }
    }
    answers.try_into().map_err(|_| Failure::new("a measure is missing"))
}

pub(super) fn first(requests: &[String]) -> Outcome<&str> {
    requests.first().map(String::as_str).ok_or_else(|| Failure::new("there is nothing to ask"))
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_order_turns_around_and_the_answers_do_not() {
        let ran = RefCell::new(Vec::new());
        let one = |number: u32| {
            ran.borrow_mut().push(number);
            Ok(number)
        };
        assert_eq!(in_order(false, [&|| one(1), &|| one(2), &|| one(3)]), Ok([1, 2, 3]));
        assert_eq!(in_order(true, [&|| one(1), &|| one(2), &|| one(3)]), Ok([1, 2, 3]));
        assert_eq!(*ran.borrow(), [1, 2, 3, 3, 2, 1]);
    }

    #[test]
    fn a_failure_ends_the_group() {
        let failed: Outcome<[u32; 2]> = in_order(false, [&|| Ok(1), &|| Err(Failure::new("no"))]);
        assert!(failed.is_err());
    }
}
