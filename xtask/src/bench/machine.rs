//! What the numbers were measured on: without it they say little. Nothing that names the machine or
//! whoever uses it.

use std::fs;
use std::process::Command;

use super::options::Options;
use crate::release;

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
    format!("{}, Linux {}", name.map_or("unknown", |name| name.trim_matches('"')), kernel.trim())
}

fn said(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).current_dir(release::root()).output();
    output.map_or_else(
        |_| "unknown".to_owned(),
        |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
    )
}
