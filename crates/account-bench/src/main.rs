//! What `cargo xtask bench` runs beside the server: the floor, the load generator, the generator of
//! accounts, and the parts that are measured inside one process. It measures and prints numbers as
//! JSON; what they mean, and whether they are good enough, is decided in `xtask`.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod command_line;
mod commits;
mod floor;
mod generate;
mod hot_path;
mod load;
mod stopwatch;

use std::error::Error;
use std::future::Future;
use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use serde::Serialize;
use tokio::runtime::Builder;

use command_line::{Command, CommandLine};

/// What a command ends with. Nobody matches on these errors: they are printed.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    match run(CommandLine::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("account-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Outcome<()> {
    match command {
        Command::FloorSqlite(options) => on(Builder::new_multi_thread(), floor::sqlite::serve(&options)),
        Command::FloorPostgres(options) => on(Builder::new_multi_thread(), floor::postgres::serve(&options)),
        Command::Load(options) => print(&load::run(&options)?),
        Command::Generate(options) => on(Builder::new_multi_thread(), generate::run(&options)),
        Command::Tidy(options) => on(Builder::new_current_thread(), generate::tidy(&options)),
        Command::Drop(options) => {
            on(Builder::new_current_thread(), generate::drop_database(&options.database))
        }
        Command::Commits(options) => print(&on(Builder::new_multi_thread(), commits::run(&options))?),
        Command::HotPath(options) => on(Builder::new_current_thread(), hot_path::run(&options)),
    }
}

fn on<T>(mut runtime: Builder, work: impl Future<Output = Outcome<T>>) -> Outcome<T> {
    runtime.enable_all().build()?.block_on(work)
}

/// One line of JSON on standard output.
fn print(value: &impl Serialize) -> Outcome<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer(&mut out, value)?;
    Ok(writeln!(out)?)
}
