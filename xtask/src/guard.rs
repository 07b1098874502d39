//! `cargo xtask guard`: counts the instructions of the hot path with callgrind and compares them with
//! the number that is recorded in the repository. Unlike time, they are nearly the same on every
//! machine and in every run, so a change that makes the path longer is seen at once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use serde_json::{Value, json};

use crate::failure::{Failure, Outcome};
use crate::{release, system};

/// More than the recorded number by this share fails.
const MARGIN: f64 = 0.10;
/// Two runs of different length: what happens once falls out of their difference.
const SHORT: u32 = 200;
const LONG: u32 = 1200;
const CREDENTIALS: [&str; 2] = ["key", "session"];

/// Compares, or records with `--record`.
///
/// # Errors
/// Without valgrind, or when the path does not work; a longer path is an exit code.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let record = match arguments {
        [] => false,
        [option] if option == "--record" => true,
        _ => return Err(Failure::new("guard takes no option but --record")),
    };
    require_valgrind()?;
    let program = release::build(&["account-bench"])?.join("account-bench");
    let mut counted = Vec::new();
    for credential in CREDENTIALS {
        counted.push((credential, per_request(&program, credential)?));
    }
    if record {
        write(&counted)?;
    }
    let recorded = recorded()?;
    let mut holds = true;
    for (credential, instructions) in counted {
        let before = recorded.get(credential).and_then(Value::as_f64);
        let before = before.ok_or_else(|| Failure::new(format!("nothing is recorded for `{credential}`")))?;
        let longer = is_longer(instructions, before);
        holds &= !longer;
        eprintln!(
            "xtask: a read by {credential} takes {instructions:.0} instructions, {:+.1} % of what is recorded{}",
            (instructions / before - 1.0) * 100.0,
            if longer { ": TOO MANY" } else { "" }
        );
    }
    if !holds {
        eprintln!(
            "xtask: make it shorter, or say in the commit why it must be longer and run `cargo xtask guard --record`"
        );
    }
    Ok(if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn is_longer(instructions: f64, before: f64) -> bool {
    instructions > before * (1.0 + MARGIN)
}

fn require_valgrind() -> Outcome<()> {
    if system::program("valgrind").is_none() {
        system::install("valgrind", "valgrind")?;
    }
    match system::program("valgrind") {
        Some(_) => Ok(()),
        None => {
            Err(Failure::new("valgrind is not on PATH; install it, since nothing else counts instructions"))
        }
    }
}

fn per_request(program: &Path, credential: &str) -> Outcome<f64> {
    let (short, long) = (instructions(program, credential, SHORT)?, instructions(program, credential, LONG)?);
    Ok((long - short) / f64::from(LONG - SHORT))
}

/// Of one whole run, its start among them.
fn instructions(program: &Path, credential: &str, requests: u32) -> Outcome<f64> {
    let profile = release::target().join("callgrind.out");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--log-fd=2"])
        .arg(format!("--callgrind-out-file={}", profile.display()))
        .arg(program)
        .args(["hot-path", "--by", credential, "--requests", &requests.to_string()])
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::from_io("cannot run valgrind"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let collected = collected(&said).filter(|_| output.status.success());
    collected.ok_or_else(|| Failure::new(format!("the hot path failed under valgrind: {}", said.trim())))
}

/// The number in callgrind's line `==1== Collected : 123`.
fn collected(said: &str) -> Option<f64> {
    let line = said.lines().rev().find_map(|line| line.split_once("Collected :"))?;
    line.1.trim().parse().ok()
}

fn file() -> PathBuf {
    release::root().join("crates/account-bench/hot-path.json")
}

fn recorded() -> Outcome<Value> {
    let text = fs::read_to_string(file()).map_err(Failure::from_io("hot-path.json"))?;
    serde_json::from_str(&text).map_err(|error| Failure::new(format!("hot-path.json: {error}")))
}

fn write(counted: &[(&str, f64)]) -> Outcome<()> {
    let mut numbers =
        json!({ "what": "instructions of one account read inside the router, counted by callgrind" });
    for (credential, instructions) in counted {
        if let Some(fields) = numbers.as_object_mut() {
            fields.insert((*credential).to_owned(), json!(instructions.round()));
        }
    }
    fs::write(file(), format!("{numbers:#}\n")).map_err(Failure::from_io("cannot write hot-path.json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_more_is_the_most() {
        assert!(!is_longer(110_000.0, 100_000.0));
        assert!(is_longer(110_001.0, 100_000.0));
        assert!(!is_longer(50_000.0, 100_000.0));
    }

    #[test]
    fn the_number_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n==7== I   refs:      123,456\n";
        assert_eq!(collected(said), Some(123_456.0));
        assert_eq!(collected("no such tool"), None);
    }
}
