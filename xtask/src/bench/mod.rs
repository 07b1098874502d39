//! `cargo xtask bench`: builds, starts and measures, in one run and interleaved, and says for each
//! measure whether it holds. A repetition runs every subject of a group once, and each repetition
//! turns the order around, so that what drifts (heat, neighbours, caches) hits all of them alike.
//! What the numbers come from is `account-bench`; the bars are in `bars.rs` and nowhere else.

mod argon2;
mod bars;
mod chart;
mod client;
mod cold;
mod database;
mod groups;
mod growth;
mod load;
mod machine;
mod nodes;
mod options;
mod place;
mod report;
mod requests;
mod samples;
mod subject;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::failure::{Failure, Outcome};
use crate::release;
use groups::Field;
use growth::Large;
use options::Options;
use samples::Samples;

/// Measures, prints, and writes down.
///
/// # Errors
/// When something could not be measured; a bar that was missed is an exit code.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let options = Options::parse(arguments)?;
    let programs = Programs::build()?;
    let folder = release::target().join("bench");
    fs::create_dir_all(&folder).map_err(Failure::from_io(format!("cannot make {}", folder.display())))?;
    let field = Field::prepare(&options, programs, folder.clone())?;
    let facts = machine::facts(&options);
    // Written again and again: a run that breaks off leaves what it has seen.
    let keep = |samples: &Samples| write(&folder.join("results.json"), &report::json(samples, &facts));
    let mut samples = Samples::default();
    for repetition in 0..options.repetitions {
        eprintln!("xtask: repetition {} of {}", repetition + 1, options.repetitions);
        field.measure(repetition, &mut samples)?;
        keep(&samples)?;
    }
    if let Some(large) = Large::prepare(&field)? {
        for repetition in 0..options.repetitions {
            eprintln!("xtask: large databases, repetition {} of {}", repetition + 1, options.repetitions);
            large.measure(repetition, &mut samples)?;
            keep(&samples)?;
        }
        for repetition in 0..options.repetitions {
            large.measure_cold(repetition, &mut samples)?;
            keep(&samples)?;
        }
        large.finish()?;
    }
    field.finish()?;
    let text = report::table(&samples, &facts);
    for (name, picture) in chart::all(&samples) {
        write(&folder.join(name), &picture)?;
    }
    if options.document {
        document(&folder, &text)?;
    }
    eprintln!("xtask: written to {}", folder.display());
    print(&text)?;
    Ok(if bars::all_hold(&samples) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The programs that are measured, and that measure.
#[derive(Debug, Clone)]
struct Programs {
    server: PathBuf,
    bench: PathBuf,
}

impl Programs {
    fn build() -> Outcome<Self> {
        let folder = release::build(&["account-server", "account-bench"])?;
        Ok(Self { server: folder.join("account-server"), bench: folder.join("account-bench") })
    }
}

/// Puts pictures and table where `docs/performance.md` shows them.
fn document(folder: &Path, text: &str) -> Outcome<()> {
    let docs = release::root().join("docs/performance");
    fs::create_dir_all(&docs).map_err(Failure::from_io("cannot make docs/performance"))?;
    for name in chart::NAMES {
        fs::copy(folder.join(name), docs.join(name))
            .map_err(Failure::from_io(format!("cannot copy {name}")))?;
    }
    write(&docs.join("results.md"), text)
}

fn write(path: &Path, text: &str) -> Outcome<()> {
    fs::write(path, text).map_err(Failure::from_io(format!("cannot write {}", path.display())))
}

fn print(text: &str) -> Outcome<()> {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).map_err(Failure::from_io("cannot print the table"))
}
