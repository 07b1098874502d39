//! A simulated run of the services from the command line: `--seed S --steps N [--log]`. With `--log`
//! every line of the run is printed.

use std::io::{self, Write as _};
use std::process::ExitCode;

use account_testkit::simulation::Simulation;

struct Wanted {
    seed: u64,
    steps: u64,
    log: bool,
}

fn wanted() -> Result<Wanted, String> {
    let mut wanted = Wanted { seed: 1, steps: 100_000, log: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let mut number = || {
            let value = arguments.next().ok_or(format!("{name} needs a number"))?;
            value.parse().map_err(|_| format!("{name} needs a number, not `{value}`"))
        };
        match name.as_str() {
            "--seed" => wanted.seed = number()?,
            "--steps" => wanted.steps = number()?,
            "--log" => wanted.log = true,
            other => return Err(format!("unknown argument `{other}`")),
        }
    }
    Ok(wanted)
}

fn say(line: &str) {
    // Nobody may be listening any more; the run's verdict is the exit code.
    drop(writeln!(io::stdout(), "{line}"));
}

fn main() -> ExitCode {
    let wanted = match wanted() {
        Ok(wanted) => wanted,
        Err(words) => {
            say(&words);
            return ExitCode::FAILURE;
        }
    };
    let mut simulation = Simulation::new(wanted.seed);
    if wanted.log {
        simulation = simulation.listened_to_by(say);
    }
    match simulation.run(wanted.steps) {
        Ok(report) => {
            for (outcome, times) in &report.outcomes {
                say(&format!("{times:>8}  {outcome}"));
            }
            say(&report.to_string());
            ExitCode::SUCCESS
        }
        Err(finding) => {
            say(&finding.to_string());
            ExitCode::FAILURE
        }
    }
}
