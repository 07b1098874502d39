//! `cargo xtask prove`: the promises that `cargo xtask test` tries a few times, tried in full: a hundred
//! kills, a hundred rounds of every race, thousands of timed pairs, the kits with many more cases, a
//! million simulated steps. It prints what was shown, with figures; the tests themselves are elsewhere.

use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::failure::{Failure, Outcome};
use crate::postgres::{self, Durability};
use crate::system;

/// Read by the whole program's proofs: rounds, and a file that each adds a line to.
const ROUNDS: &str = "ACCOUNT_TEST_ROUNDS";
const FIGURES: &str = "ACCOUNT_TEST_FIGURES";
/// Read by the kit: by how much its cases are multiplied.
const CASES: &str = "ACCOUNT_TEST_CASES";

const FULL_ROUNDS: &str = "100";
const FULL_CASES: &str = "10";

/// One command, and what it shows besides its own figures.
struct Proof {
    /// Empty if the tests write their own figures.
    promise: &'static str,
    shown: &'static str,
    command: &'static str,
}

const WHOLE_PROGRAM: Proof = Proof {
    promise: "",
    shown: "",
    command: "test --locked --package account-server --test proof --no-fail-fast --",
};

const BENEATH_IT: [Proof; 2] = [
    Proof {
        promise: "the kit, over SQLite, PostgreSQL and its own store, and its planted faults",
        shown: "every case, ten times as many sequences, races, stampedes and cancellations",
        command: "test --locked --package account-testkit --package account-sqlite --package account-postgres --no-fail-fast --",
    },
    Proof {
        promise: "the services under a crowd, with faults and a clock that jumps",
        shown: "1000000 simulated steps, every invariant after each",
        command: "run --locked --release --quiet --package account-testkit --example simulate -- --seed 1 --steps 1000000",
    },
];

/// Runs every proof in full; with arguments only the tests of the whole program whose names they are part
/// of. `--rounds N` asks for another number of rounds than a hundred.
///
/// # Errors
/// When something the tests need can neither be found nor started; a promise that was not kept is an exit
/// code.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let (rounds, chosen) = rounds(arguments)?;
    system::require_ssh_keygen()?;
    system::require_mail_server()?;
    let postgres = postgres::provide(Durability::Quick)?;
    let figures = env::temp_dir().join(format!("account-figures-{}.tsv", std::process::id()));
    let surroundings = [(postgres::URL_VARIABLE, postgres.url()), (ROUNDS, rounds), (CASES, FULL_CASES)];
    let mut failed = Vec::new();
    let mut proofs = vec![&WHOLE_PROGRAM];
    if chosen.is_empty() {
        proofs.extend(&BENEATH_IT);
    }
    for proof in proofs {
        if !holds(proof, chosen, &surroundings, &figures)? {
            failed.push(proof.command);
        } else if !proof.promise.is_empty() {
            add(&figures, proof)?;
        }
    }
    let rows = fs::read_to_string(&figures).unwrap_or_default();
    fs::remove_file(&figures).ok();
    print(&table(&rows))?;
    postgres.finish()?;
    for command in &failed {
        eprintln!("xtask: NOT PROVEN: cargo {command}");
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The number of rounds, and the rest.
fn rounds(arguments: &[String]) -> Outcome<(&str, &[String])> {
    match arguments {
        [option, number, rest @ ..] if option == "--rounds" => match number.parse::<u32>() {
            Ok(1..) => Ok((number, rest)),
            _ => Err(Failure::new(format!("--rounds needs a number, not `{number}`"))),
        },
        [option] if option == "--rounds" => Err(Failure::new("--rounds needs a number")),
        rest => Ok((FULL_ROUNDS, rest)),
    }
}

fn holds(proof: &Proof, chosen: &[String], surroundings: &[(&str, &str)], figures: &Path) -> Outcome<bool> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    eprintln!("xtask: cargo {} {}", proof.command, chosen.join(" "));
    Command::new(cargo)
        .args(proof.command.split(' '))
        .args(chosen)
        .envs(surroundings.iter().copied())
        .env(FIGURES, figures)
        .stdin(Stdio::null())
        .status()
        .map(|status| status.success())
        .map_err(Failure::from_io("cannot run cargo"))
}

fn add(figures: &PathBuf, proof: &Proof) -> Outcome<()> {
    fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(figures)
        .and_then(|mut file| writeln!(file, "{}\t{}", proof.promise, proof.shown))
        .map_err(Failure::from_io("cannot write the figures down"))
}

/// One row a promise, in the order of the alphabet; promises in a column as wide as the widest.
fn table(rows: &str) -> String {
    let mut rows: Vec<(&str, &str)> = rows.lines().filter_map(|row| row.split_once('\t')).collect();
    rows.sort_unstable();
    let width = rows.iter().map(|(promise, _)| promise.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(promise, figures)| format!("{promise:width$}  {figures}\n")).collect()
}

fn print(text: &str) -> Outcome<()> {
    std::io::stdout().write_all(text.as_bytes()).map_err(Failure::from_io("cannot print the figures"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_rounds_unless_told_otherwise() {
        let arguments = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(rounds(&[]).unwrap(), ("100", &[][..]));
        assert_eq!(rounds(&arguments(&["races"])).unwrap(), ("100", &arguments(&["races"])[..]));
        assert_eq!(rounds(&arguments(&["--rounds", "7", "sqlite"])).unwrap().0, "7");
        assert!(rounds(&arguments(&["--rounds", "many"])).is_err());
        assert!(rounds(&arguments(&["--rounds", "0"])).is_err());
        assert!(rounds(&arguments(&["--rounds"])).is_err());
    }

    #[test]
    fn the_table_has_a_row_a_promise_and_two_columns() {
        assert_eq!(table("b\t2 rounds\nlonger\t1\nno figures\n"), "b       2 rounds\nlonger  1\n");
    }
}
