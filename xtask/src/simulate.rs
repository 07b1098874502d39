//! `cargo xtask simulate`: a long simulated run of the services, determined by its seed. The run is
//! the test kit's; here it is built with optimisation and started.

use std::env;
use std::process::{Command, ExitCode, Stdio};

use crate::failure::{Failure, Outcome};

/// Hands `--seed S --steps N [--log]` on to the kit's simulation.
///
/// # Errors
/// When cargo cannot be run; whatever the run finds is an exit code.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let status = Command::new(cargo)
        .args(cargo_arguments(arguments))
        .stdin(Stdio::null())
        .status()
        .map_err(Failure::from_io("cannot run the simulation"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo_arguments(arguments: &[String]) -> Vec<String> {
    let run = "run --locked --release --quiet --package account-testkit --example simulate --";
    run.split(' ').map(str::to_owned).chain(arguments.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_run_is_optimised_and_gets_the_arguments_as_they_are() {
        let given = ["--seed".to_owned(), "7".to_owned()];
        let all = cargo_arguments(&given);
        assert!(all.contains(&"--release".to_owned()));
        assert_eq!(all.iter().rev().take(3).rev().collect::<Vec<_>>(), ["--", "--seed", "7"]);
    }
}
