//! The account server: configuration, wiring and the command line. What an account is and what may be
//! done with it is the core's; this program connects the core to a database, a socket and a terminal.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod command_line;
mod failure;
mod hashing_priority;
mod keyring_file;
mod logging;
mod serving;
mod settings;

use std::io::Write;
use std::process::ExitCode;

use account_core::ports::entropy::OsEntropy;
use clap::Parser;

use command_line::{Command, CommandLine, KeyringCommand};
use failure::Failure;
use settings::Settings;

fn main() -> ExitCode {
    let line = CommandLine::parse();
    match run(&line) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "account-server: {failure}");
            ExitCode::from(failure.code())
        }
    }
}

fn run(line: &CommandLine) -> Result<(), Failure> {
    let settings =
        Settings::gather(line.everywhere.config.as_deref(), &line.settings(), std::env::vars_os())?;
    logging::start(&settings)?;
    match &line.command {
        Command::Keyring(KeyringCommand::New { file }) => keyring_file::create(file, &OsEntropy),
        Command::Try(_) | Command::Serve(_) | Command::User(_) | Command::ApiKey(_) => {
            Err(Failure::usage("this command needs a database, which is not connected yet"))
        }
    }
}
