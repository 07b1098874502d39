//! What the numbers were measured on: without it they say little. Nothing that names the machine or
//! whoever uses it.

use std::fs;
use std::process::Command;

use super::options::Options;
use crate::failure::{Failure, Outcome};
use crate::release;

/// Linux counts a process' processor time in these, on every machine it runs on (`USER_HZ`).
const TICKS_PER_SECOND: f64 = 100.0;

/// Facts in the order they are printed.
pub(super) fn facts(options: &Options) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("processor", processor()),
        ("cores", cores().to_string()),
        ("memory", memory()),
        ("system", system()),
        ("compiler", said("rustc", &["--version"])),
        ("revision", said("git", &["rev-parse", "--short", "HEAD"])),
        ("load generator", "on the same cores".to_owned()),
        ("repetitions", options.repetitions.to_string()),
        ("large database", format!("{} accounts", options.large)),
    ];
    if options.quick {
        facts.push(("note", "a quick look: too short for a verdict".to_owned()));
    }
    facts
}

/// How many cores this process may use.
pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The processor time that a process has taken, in seconds.
///
/// # Errors
/// When the system does not say.
pub(super) fn processor_time(process: u32) -> Outcome<f64> {
    stat_fields(&format!("/proc/{process}/stat"), [OWN_USER, OWN_SYSTEM])
}

/// The processor time of the programs that this one has started and seen end, in seconds.
///
/// # Errors
/// When the system does not say.
pub(super) fn processor_time_of_children() -> Outcome<f64> {
    stat_fields("/proc/self/stat", [CHILDREN_USER, CHILDREN_SYSTEM])
}

/// The time that all cores together were busy since the machine's start, in seconds.
///
/// # Errors
/// When the system does not say.
pub(super) fn busy_time() -> Outcome<f64> {
    let unreadable = || Failure::new("the system does not say how busy it was");
    let text = fs::read_to_string("/proc/stat").map_err(Failure::from_io("/proc/stat"))?;
    let line = text.lines().next().ok_or_else(unreadable)?;
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user, nice, system, idle, iowait, irq, softirq
    let [user, nice, system, _, _, irq, softirq, ..] = ticks[..] else { return Err(unreadable()) };
    Ok((user + nice + system + irq + softirq) / TICKS_PER_SECOND)
}

/// Fields after a process' name, which may hold spaces, counted from its state: proc(5) counts that as 3.
const OWN_USER: usize = 11;
const OWN_SYSTEM: usize = 12;
const CHILDREN_USER: usize = 13;
const CHILDREN_SYSTEM: usize = 14;

fn stat_fields(path: &str, fields: [usize; 2]) -> Outcome<f64> {
    let text = fs::read_to_string(path).map_err(Failure::from_io(path.to_owned()))?;
    let after_name = text.rsplit_once(')').map_or("", |(_, rest)| rest);
    let all: Vec<&str> = after_name.split_whitespace().collect();
    let field = |number: usize| all.get(number).and_then(|text| text.parse::<f64>().ok());
    let ticks = fields.map(field).into_iter().sum::<Option<f64>>();
    ticks
        .map(|ticks| ticks / TICKS_PER_SECOND)
        .ok_or_else(|| Failure::new(format!("no processor time in {path}")))
}

fn processor() -> String {
    let about = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = about.lines().find_map(|line| line.strip_prefix("model name"));
    model
        .and_then(|rest| rest.split_once(':'))
        .map_or_else(|| "unknown".to_owned(), |(_, name)| name.trim().to_owned())
}

fn memory() -> String {
    let about = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let total = about.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let kib =
        total.and_then(|rest| rest.trim().strip_suffix("kB")).and_then(|kib| kib.trim().parse::<u64>().ok());
    kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{:.1} GiB", kib as f64 / (1024.0 * 1024.0)))
}

fn system() -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let about = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let name = about.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
    // Behind a hyphen stands who built it.
    let version = kernel.trim().split('-').next().unwrap_or_default();
    format!("{}, Linux {version}", name.map_or("unknown", |name| name.trim_matches('"')))
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(release::root()).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
