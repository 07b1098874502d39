//! The process that owns the throw-away cluster. It is this program again, in a process group of its
//! own, and waits on a pipe from the process that asked for it: when that one ends, for whatever
//! reason (a failed test, Ctrl-C, a kill), the pipe closes and the cluster is stopped and removed.
//! So no signal needs handling, and nothing is left behind.

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};

use super::binaries;
use super::cluster::{Cluster, Durability};
use super::stale::Claim;
use crate::failure::{Failure, Outcome};

/// How the keeper is called; not for people.
pub(crate) const COMMAND: &str = "keep-postgres";

/// A running throw-away cluster, seen from the process that uses it.
pub(crate) struct Keeper {
    process: Child,
    /// Open as long as the cluster is wanted.
    wanted: ChildStdin,
    url: String,
}

impl Keeper {
    /// Starts a cluster and waits until it answers: a few seconds.
    ///
    /// # Errors
    /// When PostgreSQL is not to be had, or does not start.
    pub(crate) fn start(durability: Durability) -> Outcome<Self> {
        let binaries = binaries::find_or_install()?;
        eprintln!("xtask: starting a throw-away PostgreSQL from {}", binaries.display());
        let program = env::current_exe().map_err(Failure::from_io("cannot find this program"))?;
        let mut process = Command::new(program)
            .arg(COMMAND)
            .arg(&binaries)
            .arg(durability.word())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(Failure::from_io("cannot start PostgreSQL's keeper"))?;
        let (Some(wanted), Some(answer)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Failure::new("PostgreSQL's keeper has no pipes"));
        };
        let mut url = String::new();
        BufReader::new(answer)
            .read_line(&mut url)
            .map_err(Failure::from_io("PostgreSQL's keeper did not answer"))?;
        let url = url.trim().to_owned();
        if url.is_empty() {
            process.wait().ok();
            return Err(Failure::new("PostgreSQL could not be started; the reason is above"));
        }
        Ok(Self { process, wanted, url })
    }

    /// The URL of the maintenance database.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Lets the cluster go and waits until it is gone.
    ///
    /// # Errors
    /// When the keeper could not take it away.
    pub(crate) fn finish(self) -> Outcome<()> {
        let Self { mut process, wanted, .. } = self;
        drop(wanted);
        let status = process.wait().map_err(Failure::from_io("PostgreSQL's keeper is lost"))?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("the throw-away PostgreSQL was not taken away ({status})")))
    }
}

/// The keeper itself: starts a cluster, prints its URL, and takes it away at the end of its input.
///
/// # Errors
/// When the cluster does not start or cannot be removed.
pub(crate) fn keep(arguments: &[String]) -> Outcome<ExitCode> {
    let known = match arguments {
        [binaries, word] => Durability::parse(word).map(|durability| (Path::new(binaries), durability)),
        _ => None,
    };
    let Some((binaries, durability)) = known else {
        return Err(Failure::new(format!(
            "{COMMAND} wants the folder of PostgreSQL's programs, and how durable"
        )));
    };
    let temporary = env::temp_dir();
    super::stale::remove_all(&temporary, binaries);
    let claim = Claim::new(&temporary)?;
    let (cluster, url) = Cluster::start(binaries, claim.folder(), durability)?;
    let told = writeln!(std::io::stdout(), "{url}").and_then(|()| std::io::stdout().flush());
    if told.is_ok() {
        wait_for_the_end_of_input();
    }
    cluster.remove()?;
    Ok(ExitCode::SUCCESS)
}

fn wait_for_the_end_of_input() {
    let mut ignored = [0_u8; 64];
    while std::io::stdin().read(&mut ignored).is_ok_and(|read| read > 0) {}
}
