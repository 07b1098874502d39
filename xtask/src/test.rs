//! `cargo xtask test`: everything that can be tested here, with one command on a fresh machine. It
//! brings what the tests need and runs plain `cargo test`; which tests there are is not its business.

use std::process::{ExitCode, Stdio};

use crate::failure::{Failure, Outcome};
use crate::postgres::{self, Durability};
use crate::release::cargo;
use crate::system;

/// Runs all tests, or with arguments those that `cargo test` then selects.
///
/// # Errors
/// When something the tests need can neither be found nor started; a failed test is an exit code.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    system::require_ssh_keygen()?;
    system::require_mail_server()?;
    let postgres = postgres::provide(Durability::Quick)?;
    let arguments = cargo_arguments(arguments);
    eprintln!("xtask: cargo {}", arguments.join(" "));
    let status = cargo()
        .args(&arguments)
        .env(postgres::URL_VARIABLE, postgres.url())
        .stdin(Stdio::null())
        .status()
        .map_err(Failure::from_io("cannot run cargo test"))?;
    postgres.finish()?;
    eprintln!("xtask: {}", if status.success() { "all tests passed" } else { "tests FAILED" });
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn cargo_arguments(arguments: &[String]) -> Vec<String> {
    let mut all = vec!["test".to_owned(), "--locked".to_owned()];
    if arguments.is_empty() {
        all.extend(["--workspace".to_owned(), "--no-fail-fast".to_owned()]);
    }
    all.extend_from_slice(arguments);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_arguments_every_crate_is_tested_and_none_hides_behind_an_earlier_failure() {
        assert_eq!(cargo_arguments(&[]), ["test", "--locked", "--workspace", "--no-fail-fast"]);
    }

    #[test]
    fn arguments_choose_the_crates_themselves() {
        let chosen = ["-p".to_owned(), "account-core".to_owned()];
        assert_eq!(cargo_arguments(&chosen), ["test", "--locked", "-p", "account-core"]);
    }
}
