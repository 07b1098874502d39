//! The workspace's own commands, called as `cargo xtask COMMAND`. This file only sends each command
//! to the file that bears its name; it knows no crate of the workspace, and none of them knows it.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod bench;
mod clock;
mod dice;
mod failure;
mod generate;
mod guard;
mod postgres;
mod prove;
mod queueing;
mod release;
mod scale;
mod simulate;
mod system;
mod test;

use std::env;
use std::io::Write;
use std::process::ExitCode;

use failure::{Failure, Outcome};

const HELP: &str = "\
The workspace's own commands.

  cargo xtask test [ARGS…]   all tests; finds or starts what they need, PostgreSQL among it.
                             ARGS go to `cargo test` in place of `--workspace`
  cargo xtask prove [--rounds N] [NAME…]
                             the same promises with full figures: a hundred kills and races of each
                             kind, a million simulated steps. Takes about an hour; NAME chooses
                             among the proofs of the whole program
  cargo xtask postgres       starts a throw-away PostgreSQL, prints its URL, and takes it away
                             again at the end of its input or on Ctrl-C
  cargo xtask simulate --seed S --steps N
                             a long simulated run of the services, the same for the same seed
  cargo xtask bench [OPTIONS]
                             measures everything against its bar: half an hour, a third of it for
                             making ten million accounts. `--quick` to see that it works;
                             --only sqlite,postgres,sign-ins,storm,commits,growth,cold,memory,start,nodes;
                             --repetitions N; --seconds S; --large ACCOUNTS; --document
  cargo xtask guard          counts the hot path's instructions; fails at a tenth more than
                             recorded. `--record` records them
  cargo xtask generate --database URL --accounts N --keyring FILE --manifest FILE
                             a database with many accounts
  cargo xtask scale [--measured FILE]
                             what many nodes would do, simulated from what `bench` measured
  cargo xtask help           this text

ACCOUNT_TEST_POSTGRES_URL names a PostgreSQL to use instead of a throw-away one; its role must be
allowed to create databases.
";

fn main() -> ExitCode {
    let mut arguments = env::args().skip(1);
    let command = arguments.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = arguments.collect();
    match run(&command, &rest) {
        Ok(code) => code,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &str, rest: &[String]) -> Outcome<ExitCode> {
    match command {
        "test" => test::run(rest),
        "prove" => prove::run(rest),
        "bench" => bench::run(rest),
        "generate" => generate::run(rest),
        "scale" => scale::run(rest),
        "guard" => guard::run(rest),
        "postgres" => postgres::run(),
        "simulate" => simulate::run(rest),
        postgres::KEEPER => postgres::keep(rest),
        "help" | "--help" | "-h" => {
            std::io::stdout()
                .write_all(HELP.as_bytes())
                .map_err(Failure::from_io("cannot print the help"))?;
            Ok(ExitCode::SUCCESS)
        }
        unknown => Err(Failure::new(format!("no command `{unknown}`; `cargo xtask help` lists them"))),
    }
}
