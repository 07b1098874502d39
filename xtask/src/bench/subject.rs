//! A server that is measured: started on a free port of loopback, waited for, looked at, ended.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Programs;
use super::client;
use super::database::Database;
use super::machine;
use crate::clock;
use crate::failure::{Failure, Outcome};

/// A server that has not answered by then never will.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that is asked to stop has so long.
const STOPPING: Duration = Duration::from_secs(10);

/// A running server. It ends with this value.
#[derive(Debug)]
pub(super) struct Subject {
    process: Child,
    pub(super) address: SocketAddr,
    begun: Instant,
}

impl Subject {
    /// The product's server. Its log goes to a file, as it would under a service manager.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn server(programs: &Programs, database: &Database, folder: &Path) -> Outcome<Self> {
        Self::server_with(programs, database, folder, &[])
    }

    /// The product's server, with settings of its own.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn server_with(
        programs: &Programs,
        database: &Database,
        folder: &Path,
        settings: &[(&str, &str)],
    ) -> Outcome<Self> {
        let address = free_address()?;
        let mut command = with_no_settings(&programs.server);
        command
            .args(["serve", "--listen", &address.to_string(), "--database", &database.url])
            .arg("--keyring")
            .arg(&database.keyring)
            .env("ACCOUNT_LIMITS", "off")
            .envs(settings.iter().copied());
        let log = folder.join(format!("{}-{}.log", database.name, address.port()));
        let log = File::create(&log).map_err(Failure::from_io(format!("cannot write {}", log.display())))?;
        Self::start(command.stderr(log), address)
    }

    /// The floor under it.
    ///
    /// # Errors
    /// When it does not start.
    pub(super) fn floor(programs: &Programs, kind: &str, database: &Database) -> Outcome<Self> {
        let address = free_address()?;
        let mut command = with_no_settings(&programs.bench);
        command.args([kind, "--listen", &address.to_string(), "--database", &database.url]);
        Self::start(&mut command, address)
    }

    fn start(command: &mut Command, address: SocketAddr) -> Outcome<Self> {
        let begun = clock::now();
        let process = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(Failure::from_io("cannot start a server"))?;
        Ok(Self { process, address, begun })
    }

    /// Asks until the answer is 200; how long that took since the start.
    ///
    /// # Errors
    /// When it ends, or does not answer in time.
    pub(super) fn answers(&mut self, request: &str) -> Outcome<Duration> {
        let mut last = String::from("no connection");
        while self.begun.elapsed() < PATIENCE {
            match client::ask(self.address, request) {
                Ok(answer) if answer.status == 200 => return Ok(self.begun.elapsed()),
                Ok(answer) => last = format!("{} {}", answer.status, answer.body),
                Err(failure) => last = failure.to_string(),
            }
            if let Ok(Some(status)) = self.process.try_wait() {
                return Err(Failure::new(format!("a server ended ({status}) before it answered")));
            }
            clock::wait(Duration::from_millis(1));
        }
        Err(Failure::new(format!("a server did not answer with 200: {last}")))
    }

    /// The processor time it has taken since its start, in seconds.
    ///
    /// # Errors
    /// When the system does not say.
    pub(super) fn processor_time(&self) -> Outcome<f64> {
        machine::processor_time(self.process.id())
    }

    /// Resident memory now, in MiB.
    ///
    /// # Errors
    /// When the system does not say.
    pub(super) fn memory(&self) -> Outcome<f64> {
        self.status("VmRSS:")
    }

    /// The most resident memory there ever was, in MiB.
    ///
    /// # Errors
    /// When the system does not say.
    pub(super) fn peak_memory(&self) -> Outcome<f64> {
        self.status("VmHWM:")
    }

    /// Bytes that the disk was read for since its start.
    ///
    /// # Errors
    /// When the system does not say.
    pub(super) fn read_from_disk(&self) -> Outcome<f64> {
        let path = format!("/proc/{}/io", self.process.id());
        let text = fs::read_to_string(&path).map_err(Failure::from_io(path))?;
        let bytes = text.lines().find_map(|line| line.strip_prefix("read_bytes:")?.trim().parse().ok());
        bytes.ok_or_else(|| Failure::new("the system does not say what was read"))
    }

    fn status(&self, field: &str) -> Outcome<f64> {
        let path = format!("/proc/{}/status", self.process.id());
        let text = fs::read_to_string(&path).map_err(Failure::from_io(path))?;
        let kib = text
            .lines()
            .find_map(|line| line.strip_prefix(field)?.trim().strip_suffix("kB")?.trim().parse::<f64>().ok());
        kib.map(|kib| kib / 1024.0).ok_or_else(|| Failure::new(format!("no {field} in the process' status")))
    }
}

impl Subject {
    /// Asks it to stop, so that the next start finds a database that was closed.
    fn stop(&mut self) -> bool {
        let asked = Command::new("kill").arg(self.process.id().to_string()).status();
        let begun = clock::now();
        while asked.is_ok() && begun.elapsed() < STOPPING {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return true;
            }
            clock::wait(Duration::from_millis(2));
        }
        false
    }
}

impl Drop for Subject {
    fn drop(&mut self) {
        if !self.stop() {
            drop(self.process.kill());
            drop(self.process.wait());
        }
    }
}

/// A program that does not inherit what is set for other purposes: that must not change what is measured.
fn with_no_settings(program: &Path) -> Command {
    let mut command = Command::new(program);
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("ACCOUNT_")) {
        command.env_remove(name);
    }
    command
}

fn free_address() -> Outcome<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map_err(Failure::from_io("no free port on loopback"))
}
