//! The program as a user runs it: commands with their output, servers on a port of their own, signals,
//! and the log that a server leaves behind.

use std::fs::OpenOptions;
use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::api_client::{Answer, Ask, Client, send};
use crate::both_databases::{Database, Kind};

const PROGRAM: &str = env!("CARGO_BIN_EXE_account-server");
/// A start takes a fraction of a second; many at once on a busy machine take longer.
const START: Duration = Duration::from_secs(60);

/// A running server, killed when dropped.
pub(crate) struct Server {
    process: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

/// A server that may not be up yet.
pub(crate) struct Starting {
    process: Child,
    log: PathBuf,
}

impl Database {
    fn program(&self) -> Command {
        let mut command = Command::new(PROGRAM);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("ACCOUNT_") || name == "RUST_LOG" {
                command.env_remove(name);
            }
        }
        command.env("ACCOUNT_DATABASE_URL", &self.url).current_dir(self.folder());
        // A new SQLite database is given its keyring without being asked.
        if self.kind == Kind::Postgres {
            command.env("ACCOUNT_KEYRING", self.keyring());
        }
        command
    }

    /// What PostgreSQL needs and SQLite is given by itself.
    pub(crate) fn make_keyring(&self) {
        if self.kind == Kind::Postgres && !self.keyring().exists() {
            let file = self.keyring().display().to_string();
            self.command(&["keyring", "new", &file], "");
        }
    }

    /// Runs a command to its end; answers what it printed.
    pub(crate) fn command(&self, arguments: &[&str], input: &str) -> String {
        let mut command = self.program();
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut running = command.spawn().unwrap();
        running.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let ended = running.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success(), "{arguments:?}: {said}");
        String::from_utf8(ended.stdout).unwrap()
    }

    /// Starts a server without limits, which is what a load needs, and waits until it listens.
    pub(crate) fn serve(&self) -> Server {
        self.serve_with(&[("ACCOUNT_LIMITS", "off")])
    }

    /// Starts a server with these settings and waits until it listens.
    pub(crate) fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        self.make_keyring();
        self.begin(settings).up()
    }

    /// Starts a server and does not wait.
    pub(crate) fn begin(&self, settings: &[(&str, &str)]) -> Starting {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let log = self.folder().join(format!("server-{}.log", NEXT.fetch_add(1, Ordering::Relaxed)));
        let errors = OpenOptions::new().create_new(true).append(true).open(&log).unwrap();
        let mut command = self.program();
        command.arg("serve").env("ACCOUNT_LISTEN", "127.0.0.1:0").envs(settings.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        Starting { process: command.spawn().unwrap(), log }
    }
}

impl Starting {
    /// Waits until it listens.
    #[track_caller]
    pub(crate) fn up(mut self) -> Server {
        let begun = Instant::now();
        loop {
            let said = std::fs::read_to_string(&self.log).unwrap();
            if let Some(address) = address(&said) {
                return Server { process: self.process, address, log: self.log };
            }
            let ended = self.process.try_wait().unwrap();
            if ended.is_some() || begun.elapsed() > START {
                let _ = self.process.kill();
                panic!("the server did not come up ({ended:?}): {said}");
            }
            sleep(Duration::from_millis(5));
        }
    }
}

/// The address in a log that says what the server listens on.
fn address(log: &str) -> Option<SocketAddr> {
    let (_, after) = log.split_once("listening on http://")?;
    let (address, _) = after.split_once(char::is_whitespace)?;
    address.parse().ok()
}

impl Server {
    pub(crate) fn client(&self) -> Client {
        Client::new(self.address)
    }

    #[track_caller]
    pub(crate) fn send(&self, ask: &Ask) -> Answer {
        send(self.address, ask)
    }

    pub(crate) fn status_of(&self, path: &str) -> u16 {
        self.send(&Ask::get(path)).status
    }

    /// Everything that it logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap()).into_owned()
    }

    /// Ends it as a power cut would: with a signal that it cannot see.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to stop.
    pub(crate) fn terminate(&self) {
        let id = Pid::from_raw(i32::try_from(self.process.id()).unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// The most memory that it ever held, in bytes.
    pub(crate) fn peak_memory(&self) -> u64 {
        self.kilobytes("VmHWM:") * 1024
    }

    fn kilobytes(&self, name: &str) -> u64 {
        let about = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = about.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking()
            && let Ok(log) = std::fs::read(&self.log)
        {
            let log = String::from_utf8_lossy(&log);
            let lines: Vec<&str> = log.lines().collect();
            let end = &lines[lines.len().saturating_sub(40)..];
            eprintln!("the end of the log of {}:\n{}", self.address, end.join("\n"));
        }
    }
}
