//! `cargo xtask guard`: counts the instructions of the hot path with callgrind and compares them with
//! the number that is recorded in the repository. Unlike time, they are nearly the same on every
//! machine and in every run, so a change that makes the path longer is seen at once. Beside them stands
//! what the floor takes for the same answer.
//!
//! SHA-256's compression is counted apart: every processor of the last years has instructions for it, valgrind
//! has not, and what it takes instead would be a quarter of the number. It has a margin of its own, which one
//! compression more does not keep.

use std::collections::BTreeSet;
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
const FLOOR: &str = "floor";
/// What the compression of SHA-256 is called, where the processor has no instructions for it.
const COMPRESSION: &str = "sha2::sha256::";
/// What its number is recorded under, behind the credential.
const SHA_256: &str = "-sha-256";

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
    let floor = per_request(&program, FLOOR)?.path;
    eprintln!("xtask: the floor takes {floor:.0} instructions");
    if record {
        write(&counted)?;
    }
    let recorded = recorded()?;
    let mut holds = true;
    for (credential, now) in counted {
        eprintln!("xtask: a read by {credential} takes {:.2} of the floor's", now.path / floor);
        let parts = [("", now.path, "instructions"), (SHA_256, now.compression, "instructions of SHA-256")];
        for (part, instructions, words) in parts {
            let name = format!("{credential}{part}");
            let before = recorded.get(&name).and_then(Value::as_f64);
            let before = before.ok_or_else(|| Failure::new(format!("nothing is recorded for `{name}`")))?;
            let longer = is_longer(instructions, before);
            holds &= !longer;
            eprintln!(
                "xtask:   {instructions:.0} {words}, {:+.1} % of what is recorded{}",
                (instructions / before - 1.0) * 100.0,
                if longer { ": TOO MANY" } else { "" }
            );
        }
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

/// Instructions.
#[derive(Debug, Clone, Copy)]
struct Counted {
    /// All but SHA-256's compression.
    path: f64,
    compression: f64,
}

fn per_request(program: &Path, credential: &str) -> Outcome<Counted> {
    let (short, long) = (instructions(program, credential, SHORT)?, instructions(program, credential, LONG)?);
    let each = |short: f64, long: f64| (long - short) / f64::from(LONG - SHORT);
    Ok(Counted { path: each(short.path, long.path), compression: each(short.compression, long.compression) })
}

/// Of one whole run, its start among them.
fn instructions(program: &Path, credential: &str, requests: u32) -> Outcome<Counted> {
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
    let all = collected
        .ok_or_else(|| Failure::new(format!("the hot path failed under valgrind: {}", said.trim())))?;
    let profile = fs::read_to_string(&profile).map_err(Failure::from_io("callgrind's profile"))?;
    let compression = spent_in(&profile, COMPRESSION);
    Ok(Counted { path: all - compression, compression })
}

/// What the functions whose name begins so took themselves, in a profile of callgrind. A name stands in
/// full where it comes first, and is a number from then on.
fn spent_in(profile: &str, function: &str) -> f64 {
    let mut numbers = BTreeSet::new();
    let (mut inside, mut of_a_call, mut spent) = (false, false, 0.0);
    for line in profile.lines() {
        let named = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="));
        if let Some(name) = named {
            let (number, name) = name.split_once(' ').unwrap_or((name, ""));
            if name.starts_with(function) {
                numbers.insert(number);
            }
            if line.starts_with("fn=") {
                inside = numbers.contains(number);
            }
        } else if line.starts_with("calls=") {
            of_a_call = true;
        } else if line.starts_with(|first: char| first.is_ascii_digit() || "+-*".contains(first)) {
            // The line after a call is what the callee took.
            if inside && !of_a_call {
                let cost = line.split(' ').nth(1).and_then(|cost| cost.parse::<f64>().ok());
                spent += cost.unwrap_or_default();
            }
            of_a_call = false;
        }
    }
    spent
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

fn write(counted: &[(&str, Counted)]) -> Outcome<()> {
    let mut numbers = json!({ "what": "instructions of one account read inside the router, SHA-256's apart, counted by callgrind" });
    for (credential, now) in counted {
        if let Some(fields) = numbers.as_object_mut() {
            fields.insert((*credential).to_owned(), json!(now.path.round()));
            fields.insert(format!("{credential}{SHA_256}"), json!(now.compression.round()));
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
    fn what_a_function_took_itself_is_found_in_the_profile() {
        let profile = "events: Ir\nfn=(1) main\n10 5\ncfn=(2) sha2::sha256::soft::compress\ncalls=1 3\n11 900\n+1 4\n\n\
                       fn=(2)\n3 800\n+2 70\ncfn=(3) memcpy\ncalls=2 1\n* 30\n\nfn=(3)\n1 30\n";
        assert_eq!(spent_in(profile, "sha2::sha256::"), 870.0);
        assert_eq!(spent_in(profile, "mem"), 30.0);
        assert_eq!(spent_in(profile, "none"), 0.0);
    }

    #[test]
    fn the_number_is_found_in_what_callgrind_says() {
        let said = "==7== Events    : Ir\n==7== Collected : 123456\n==7== \n==7== I   refs:      123,456\n";
        assert_eq!(collected(said), Some(123_456.0));
        assert_eq!(collected("no such tool"), None);
    }
}
