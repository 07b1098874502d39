//! The account server: configuration, wiring and the command line. What an account is and what may be
//! done with it is the core's; this program connects the core to a database, a socket and a terminal.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod administration;
mod assembling;
mod command_line;
mod failure;
mod keyring_file;
mod keyring_rotation;
mod logging;
mod mailing;
mod open_files;
mod opening;
mod security_log;
mod serve;
mod serving;
mod settings;
mod thread_priority;
mod trial;

use std::future::Future;
use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use account_core::ports::entropy::OsEntropy;
use clap::Parser;
use tokio::runtime::{Builder, Runtime};

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
    let mut settings =
        Settings::gather(line.everywhere.config.as_deref(), &line.settings(), std::env::vars_os())?;
    logging::start(&settings)?;
    if !line.command.serves() {
        // A command hashes one password at the most.
        settings.hashing_threads = Some(1);
    }
    if line.command.opens_a_database() && !line.command.begins_a_database() {
        opening::refuse_lost_database(&settings)?;
    }
    match &line.command {
        Command::Keyring(command) => keyring(settings, command),
        Command::Serve(_) => on(Builder::new_multi_thread(), serve::serve(settings)),
        Command::Try(_) => on(Builder::new_multi_thread(), trial::run(settings)),
        Command::User(command) => on(Builder::new_current_thread(), async {
            administration::user(&open(settings).await?, command).await
        }),
        Command::ApiKey(command) => on(Builder::new_current_thread(), async {
            administration::api_key(&open(settings).await?, command).await
        }),
    }
}

/// The services for one command.
async fn open(settings: Settings) -> Result<account_core::Accounts, Failure> {
    assembling::accounts(&settings, opening::open(&settings).await?).await
}

fn keyring(settings: Settings, command: &KeyringCommand) -> Result<(), Failure> {
    match command {
        KeyringCommand::New { file } => keyring_file::create(file, &OsEntropy),
        KeyringCommand::Add { file } => keyring_rotation::add(file, &OsEntropy),
        KeyringCommand::Promote { file, name } => keyring_rotation::promote(file, name),
        KeyringCommand::Rewrap => on(Builder::new_current_thread(), keyring_rotation::rewrap(settings)),
        KeyringCommand::Retire { name } => {
            on(Builder::new_current_thread(), keyring_rotation::retire(settings, name))
        }
    }
}

fn on(mut runtime: Builder, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    let runtime: Runtime = runtime
        .enable_all()
        .build()
        .map_err(|error| Failure::refused(format!("the threads cannot be started: {error}")))?;
    let ended = runtime.block_on(work);
    // Connections that did not end in time are not waited for a second time.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}
