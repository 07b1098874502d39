//! What takes a large database: growth, start, and reads from a cold disk. It comes after all else, since such a
//! database leaves gigabytes in the system's memory that nobody asks for, and what a system does about them (reclaim,
//! write-back) would run beside whatever is measured next.

use super::database::Database;
use super::groups::{Field, OnPostgres, READERS, first, in_order};
use super::load::{Length, Load};
use super::options::Group;
use super::requests;
use super::samples::Samples;
use super::subject::Subject;
use crate::failure::Outcome;

/// How often each key is read before reads of a large database count: its pages may have left the system's memory
/// meanwhile, and each connection of the store keeps its own.
const READ_BEFORE: u64 = 20;
/// Clients that create keys.
const CREATORS: usize = 16;
/// Keys that each account gets before it counts: its pages come from the disk then, and the log of SQLite has grown
/// to its length, which it keeps from there on.
const CREATED_BEFORE: u64 = 6;
/// Keys that count, for each account: so many that the log is brought into the database again and again. An account
/// has room for 25, and has one.
const CREATED: u64 = 14;

/// Large databases beside the small ones of a field.
pub(super) struct Large<'a> {
    field: &'a Field,
    sqlite: Database,
    postgres: Option<Database>,
}

impl<'a> Large<'a> {
    /// Makes those that the groups to be measured need, if one needs any.
    ///
    /// # Errors
    /// When one of them cannot be made.
    pub(super) fn prepare(field: &'a Field) -> Outcome<Option<Self>> {
        let (options, programs, folder) = (&field.options, &field.programs, &field.folder);
        if ![Group::Growth, Group::Cold, Group::Start].iter().any(|group| options.wants(*group)) {
            return Ok(None);
        }
        let sqlite = Database::sqlite(programs, folder, options.large)?;
        let postgres = match &field.postgres {
            Some(OnPostgres { cluster, .. }) if options.wants(Group::Growth) => {
                Some(Database::postgres(programs, folder, cluster.url(), options.large)?)
            }
            _ => None,
        };
        Ok(Some(Self { field, sqlite, postgres }))
    }

    /// One sample of growth and start.
    ///
    /// # Errors
    /// When something does not work as it should: numbers of a broken run are worth nothing.
    pub(super) fn measure(&self, repetition: usize, samples: &mut Samples) -> Outcome<()> {
        let (field, backwards) = (self.field, repetition % 2 == 1);
        if field.options.wants(Group::Growth) {
            self.growth(backwards, samples)?;
        }
        if field.options.wants(Group::Start) {
            let mut server = Subject::server(&field.programs, &self.sqlite, &field.folder)?;
            let took = server.answers(first(&requests::by_key(&self.sqlite.usable))?)?;
            samples.add("start", took.as_secs_f64() * 1000.0);
        }
        Ok(())
    }

    /// One sample of reads from a cold disk. They put the large database out of the system's memory, so they come
    /// last.
    ///
    /// # Errors
    /// When something does not work as it should.
    pub(super) fn measure_cold(&self, repetition: usize, samples: &mut Samples) -> Outcome<()> {
        if !self.field.options.wants(Group::Cold) {
            return Ok(());
        }
        self.field.place(&self.sqlite).cold(repetition % 2 == 1, samples)
    }

    /// Takes away what does not stay.
    ///
    /// # Errors
    /// When PostgreSQL does not drop it.
    pub(super) fn finish(self) -> Outcome<()> {
        self.postgres.map_or(Ok(()), |large| large.drop(&self.field.programs))
    }

    fn growth(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let field = self.field;
        let names = ["growth/read", "growth/create"];
        field.growth_of("sqlite", names, &field.small, &self.sqlite, backwards, samples)?;
        if let (Some(OnPostgres { small, .. }), Some(large)) = (&field.postgres, &self.postgres) {
            let names = ["growth/postgres-read", "growth/postgres-create"];
            field.growth_of("postgres", names, small, large, backwards, samples)?;
        }
        Ok(())
    }
}

impl Field {
    fn growth_of(
        &self,
        store: &str,
        [read, create]: [&str; 2],
        small: &Database,
        large: &Database,
        backwards: bool,
        samples: &mut Samples,
    ) -> Outcome<()> {
        let (on_small, on_large) = (self.server(small)?, self.server(large)?);
        let (small_keys, large_keys) = (requests::by_key(&small.usable), requests::by_key(&large.usable));
        let [few, many] = in_order(
            backwards,
            [&|| self.warm_read_rate(&on_small, "small", &small_keys), &|| {
                self.warm_read_rate(&on_large, "large", &large_keys)
            }],
        )?;
        samples.add(&format!("rate/{store}/read-small"), few);
        samples.add(&format!("rate/{store}/read-large"), many);
        samples.add_ratio(read, many, few);
        let [few, many] = in_order(
            backwards,
            [&|| self.creation_rate(&on_small, small), &|| self.creation_rate(&on_large, large)],
        )?;
        samples.add(&format!("rate/{store}/create-small"), few);
        samples.add(&format!("rate/{store}/create-large"), many);
        samples.add_ratio(create, many, few);
        samples.add(&format!("memory/on-{store}-large"), on_large.peak_memory()?);
        drop((on_small, on_large));
        small.tidy(&self.programs)?;
        large.tidy(&self.programs)
    }

    fn warm_read_rate(&self, subject: &Subject, name: &str, requests: &[String]) -> Outcome<f64> {
        let length = Length::Count(READ_BEFORE * requests.len() as u64);
        let before = Load { length, ..self.flood(subject, self.written(name, requests)?, READERS) };
        before.run(&self.programs.bench)?.all_succeeded(name)?;
        self.read_rate(subject, name, requests)
    }

    fn creation_rate(&self, subject: &Subject, database: &Database) -> Outcome<f64> {
        let requests = self.written("creations", &requests::creations(&database.usable))?;
        let accounts = database.usable.len() as u64;
        let creating =
            |count| Load { length: Length::Count(count), ..self.flood(subject, requests.clone(), CREATORS) };
        creating(CREATED_BEFORE * accounts).run(&self.programs.bench)?.all_succeeded("creations")?;
        let load = creating(CREATED * accounts);
        Ok(load.run(&self.programs.bench)?.all_succeeded("creations")?.success_rate)
    }
}
