//! A read whose pages are in memory, beside others whose pages are not: whether the disk that some wait for
//! keeps the rest waiting. As many of the same reads, from memory, say what is the processor's share.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use super::groups::{PACE, PACED, first};
use super::load::{self, Length, Load, WARM_UP};
use super::place::Place;
use super::requests;
use super::samples::Samples;
use super::subject::Subject;
use crate::clock;
use crate::failure::{Failure, Outcome};

/// The reads beside those that are watched: so many a second, over so many connections.
const BESIDE: f64 = 2000.0;
const CONNECTIONS: usize = 32;
/// Bytes of a page of SQLite's.
const PAGE: f64 = 4096.0;

/// What the watched reads are answered beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Warm,
    Cold,
}

impl Place<'_> {
    /// One sample of each, on a server that has just started.
    ///
    /// # Errors
    /// When something is not answered as it should.
    pub(super) fn cold(&self, backwards: bool, samples: &mut Samples) -> Outcome<()> {
        let mut order =
            [(Beside::Nothing, "quiet"), (Beside::Warm, "beside-warm"), (Beside::Cold, "beside-cold")];
        if backwards {
            order.reverse();
        }
        order.iter().try_for_each(|(beside, name)| self.watch(*beside, name, samples))
    }

    fn watch(&self, beside: Beside, name: &str, samples: &mut Samples) -> Outcome<()> {
        forget_pages(self.database.file()?)?;
        let mut server = Subject::server(self.programs, self.database, self.folder)?;
        let usable = &self.database.usable;
        let mut known = requests::by_key(usable);
        known.truncate(1);
        server.answers(first(&known)?)?;

        let bench = &self.programs.bench;
        let length = self.seconds * 3.0;
        let paced = |requests: Vec<String>, name: &str, pace: f64, connections: usize, seconds: f64| {
            let requests = requests::write(self.folder, name, &requests)?;
            let length = Length::Seconds(seconds);
            Ok::<_, Failure>(Load {
                address: server.address,
                requests,
                connections,
                length,
                pace: Some(pace),
            })
        };
        // Nobody has these keys. From the disk, no page is wanted twice; from memory, few are asked for again and again.
        let asked = BESIDE * length * (1.0 + WARM_UP) / usable.len() as f64;
        let each = if beside == Beside::Cold { asked.ceil() as u64 } else { 1 };
        let watched = paced(known, "watched", PACE, PACED, self.seconds * 2.0)?;
        let others = paced(requests::unknown_keys(usable, each), "beside", BESIDE, CONNECTIONS, length)?;
        if beside == Beside::Warm {
            let once = Load { length: Length::Count(usable.len() as u64), pace: None, ..others.clone() };
            once.run(bench)?.all_answered_with(401, "unknown keys")?;
        }

        let (begun, before) = (clock::now(), server.read_from_disk()?);
        let (report, others) = load::beside(&watched, (beside != Beside::Nothing).then_some(&others), bench)?;
        let pages = (server.read_from_disk()? - before) / PAGE / begun.elapsed().as_secs_f64();
        let report = report.all_succeeded("watched reads")?;
        if beside == Beside::Cold && pages < 1.0 {
            return Err(Failure::new("nothing came from the disk: the database did not leave the memory"));
        }
        if let Some(others) = others {
            let others = others.all_answered_with(401, "unknown keys")?;
            samples.add(&format!("cold/{name}/unknown-keys-each-second"), others.rate);
            samples.add(&format!("cold/{name}/pages-from-disk-each-second"), pages);
            samples.add(&format!("memory/on-sqlite-large-{name}"), server.peak_memory()?);
        }
        samples.add(&format!("cold/{name}/p50-us"), report.p50_us);
        samples.add(&format!("cold/{name}/p99-us"), report.p99_us);
        Ok(())
    }
}

/// Asks the system to keep nothing of a file in memory. In a process of its own, since closing a file takes away
/// all locks that SQLite has on it in the same one; and while no server has it open.
fn forget_pages(file: &Path) -> Outcome<()> {
    let mut target = OsString::from("of=");
    target.push(file);
    let status = Command::new("dd")
        .arg(target)
        .args(["oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"])
        .stdin(Stdio::null())
        .status()
        .map_err(Failure::from_io("cannot run dd"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("dd failed ({status})"))) }
}
