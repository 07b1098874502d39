//! Starting the program: a folder of its own, an environment without our settings, and what it printed.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// What a command left behind.
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ended {
    /// The result of a command that must have worked.
    pub(crate) fn result(&self) -> &str {
        assert_eq!(self.code, Some(0), "{}", self.err);
        self.out.trim_end()
    }

    /// The line of a command that must have been refused: one line, and nothing on standard output.
    pub(crate) fn refusal(&self) -> &str {
        assert!(!matches!(self.code, Some(0) | None), "{}", self.out);
        assert_eq!(self.out, "");
        let line = self.err.trim_end();
        assert_eq!(line.lines().filter(|line| line.starts_with("account-server: ")).count(), 1, "{line}");
        assert!(!line.contains("panicked"), "{line}");
        line
    }
}

/// A folder that the program runs in.
pub(crate) struct Place(TempDir);

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn command(&self, arguments: &[&str], settings: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_account-server"));
        command.args(arguments).current_dir(self.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("ACCOUNT_") || name == "RUST_LOG") {
                command.env_remove(name);
            }
        }
        command.envs(settings.iter().copied());
        command
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        self.run_with(arguments, &[], "")
    }

    pub(crate) fn run_with(&self, arguments: &[&str], settings: &[(&str, &str)], input: &str) -> Ended {
        let mut child = self
            .command(arguments, settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses its arguments does not read.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ended { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Makes a user with the password `correct horse battery`; answers the number.
    pub(crate) fn user(&self, name: &str) -> i64 {
        let email = format!("{name}@example.com");
        let arguments = [
            "user",
            "create",
            "--username",
            name,
            "--email",
            &email,
            "--first-name",
            "Mia",
            "--last-name",
            "Muster",
            "--password-stdin",
        ];
        let made = self.run_with(&arguments, &[], "correct horse battery\n");
        serde_json::from_str::<serde_json::Value>(made.result()).unwrap()["id"].as_i64().unwrap()
    }

    /// Makes an API key.
    pub(crate) fn key(&self, user: &str) -> String {
        self.run(&["api-key", "create", "--user", user, "--description", "test"]).result().to_owned()
    }

    /// Starts `serve` on a free port and waits until it listens.
    pub(crate) fn serve(&self, settings: &[(&str, &str)]) -> Server {
        self.start("serve", settings)
    }

    /// The same, for a server that may refuse to start: then the line that says why.
    pub(crate) fn serve_or_refuse(&self, settings: &[(&str, &str)]) -> Result<Server, String> {
        let mut server = self.begin("serve", settings);
        loop {
            match server.log.recv_timeout(Duration::from_secs(20)) {
                Ok(line) if line.contains(LISTENING) => {
                    server.address = address_in(&line);
                    return Ok(server);
                }
                Ok(line) => server.seen.push(line),
                Err(_) => {
                    let status = server.end_within(Duration::from_secs(20)).expect("it refuses or serves");
                    let ended = Ended { code: status.code(), out: server.printed(), err: server.log() };
                    return Err(ended.refusal().to_owned());
                }
            }
        }
    }

    pub(crate) fn start(&self, command: &str, settings: &[(&str, &str)]) -> Server {
        let mut server = self.begin(command, settings);
        server.address = address_in(&server.wait_for_log(LISTENING));
        server
    }

    fn begin(&self, command: &str, settings: &[(&str, &str)]) -> Server {
        let mut child = self
            .command(&[command, "--listen", "127.0.0.1:0"], settings)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (errors, results) = (child.stderr.take().unwrap(), child.stdout.take().unwrap());
        let (tell, log) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(errors).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        let (tell, out) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(results).lines().map_while(Result::ok).try_for_each(|line| tell.send(line))
        });
        Server { child, log, out, seen: Vec::new(), address: SocketAddr::from(([127, 0, 0, 1], 0)) }
    }
}

const LISTENING: &str = "listening on http://";

fn address_in(line: &str) -> SocketAddr {
    let (_, rest) = line.split_once("http://").unwrap();
    rest.split([' ', '"']).next().unwrap().parse().unwrap()
}

/// A running server, killed when it is dropped.
pub(crate) struct Server {
    child: Child,
    log: mpsc::Receiver<String>,
    out: mpsc::Receiver<String>,
    seen: Vec<String>,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// The next line of the log with `part` in it.
    pub(crate) fn wait_for_log(&mut self, part: &str) -> String {
        loop {
            match self.log.recv_timeout(Duration::from_secs(20)) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(part) {
                        return line;
                    }
                }
                Err(_) => panic!("no `{part}` in {:#?}", self.seen),
            }
        }
    }

    /// All of the log up to now.
    pub(crate) fn log(&mut self) -> String {
        self.seen.extend(self.log.try_iter());
        self.seen.join("\n")
    }

    /// What was printed on standard output up to now.
    pub(crate) fn printed(&self) -> String {
        self.out.try_iter().collect::<Vec<_>>().join("\n")
    }

    /// All of the log, once the server has ended.
    pub(crate) fn whole_log(mut self) -> String {
        self.seen.extend(self.log.iter());
        std::mem::take(&mut self.seen).join("\n")
    }

    /// The system's number of the process.
    pub(crate) fn number(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let number = self.number().to_string();
        assert!(Command::new("kill").args([&format!("-{name}"), &number]).status().unwrap().success());
    }

    /// Waits for the end; `None` if it takes longer.
    pub(crate) fn end_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        #[expect(clippy::disallowed_methods, reason = "a test waits for another process")]
        let now = Instant::now;
        let until = now() + patience;
        while now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            pause(Duration::from_millis(10));
        }
        None
    }

    /// Asks for an orderly end, and expects one.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        let status = self.end_within(Duration::from_secs(25)).expect("it ends");
        assert_eq!(status.code(), Some(0));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "a test waits for another process")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
