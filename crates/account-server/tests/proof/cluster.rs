//! A PostgreSQL of the test's own, to be killed, stopped and frozen: the one that all tests share must not
//! be. It syncs as in production, runs as an unprivileged user, and goes with its folder.

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, getuid, kill_process};

use crate::kept_port::kept_port;

const START: Duration = Duration::from_secs(60);
const PASSWORD: &str = "kept-in-this-folder";

/// The cluster, running or not.
pub(crate) struct Cluster {
    binaries: PathBuf,
    folder: tempfile::TempDir,
    owner: Option<(u32, u32)>,
    port: u16,
    process: Option<Child>,
}

impl Cluster {
    /// Makes one and starts it.
    pub(crate) fn start() -> Self {
        let binaries = binaries();
        let owner = getuid().is_root().then(|| user("postgres").or_else(|| user("nobody")).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let mut cluster = Self { binaries, folder, owner, port: kept_port(), process: None };
        cluster.create();
        cluster.run();
        cluster
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://proof:{PASSWORD}@127.0.0.1:{}/postgres", self.port)
    }

    fn create(&self) {
        let password = self.folder.path().join("password");
        std::fs::write(&password, PASSWORD).unwrap();
        std::fs::set_permissions(&password, PermissionsExt::from_mode(0o600)).unwrap();
        if let Some((user, group)) = self.owner {
            for path in [self.folder.path(), &password] {
                chown(path, Some(user), Some(group)).unwrap();
            }
        }
        let mut initdb = self.program("initdb");
        initdb.args(["--encoding=UTF8", "--no-locale", "--auth=scram-sha-256", "--username=proof"]);
        initdb.arg("--pwfile").arg(&password).arg("-D").arg(self.data());
        let made = initdb.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
    }

    /// Starts PostgreSQL again and waits until it takes connections.
    pub(crate) fn run(&mut self) {
        let begun = Instant::now();
        let mut process = self.spawn();
        while !self.is_ready(&process) {
            assert!(begun.elapsed() < START, "PostgreSQL does not start: {}", self.log());
            sleep(Duration::from_millis(10));
            // After a kill, the last of the old processes may still hold the shared memory.
            if process.try_wait().unwrap().is_some() {
                process = self.spawn();
            }
        }
        self.process = Some(process);
    }

    fn spawn(&self) -> Child {
        let log = File::options().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut postgres = self.program("postgres");
        postgres.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        postgres.args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"]);
        postgres.args(["-c", "max_connections=100"]);
        postgres.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// PostgreSQL writes its state into the file with its process number.
    fn is_ready(&self, process: &Child) -> bool {
        let state = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap_or_default();
        let mut lines = state.lines();
        let is_own = lines.next() == Some(process.id().to_string().as_str());
        is_own && lines.next_back().is_some_and(|last| last.trim() == "ready")
    }

    /// Stops it in order, as an operator does; nobody is waited for.
    pub(crate) fn stop(&mut self) {
        let mut process = self.process.take().unwrap();
        signal(process.id(), Signal::INT);
        process.wait().unwrap();
    }

    /// Kills every process of it at once.
    pub(crate) fn kill(&mut self) {
        let mut process = self.process.take().unwrap();
        let children = children(process.id());
        process.kill().unwrap();
        children.into_iter().for_each(|child| signal(child, Signal::KILL));
        process.wait().unwrap();
    }

    /// Stops the clock of every process: connections stay open, and nothing answers.
    pub(crate) fn freeze(&self) {
        self.to_all(Signal::STOP);
    }

    /// Lets them go on.
    pub(crate) fn thaw(&self) {
        self.to_all(Signal::CONT);
    }

    fn to_all(&self, what: Signal) {
        let id = self.process.as_ref().unwrap().id();
        signal(id, what);
        children(id).into_iter().for_each(|child| signal(child, what));
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.binaries.join(name));
        let inherited = std::env::vars_os().map(|(name, _)| name);
        inherited.filter(|name| name.to_string_lossy().starts_with("PG")).for_each(|name| {
            command.env_remove(name);
        });
        command.env("LC_ALL", "C").current_dir(self.folder.path()).stdin(Stdio::null());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.process.is_some() {
            self.thaw();
            self.kill();
        }
    }
}

/// A process that has ended already needs no signal.
fn signal(id: u32, what: Signal) {
    let id = i32::try_from(id).ok().and_then(Pid::from_raw).unwrap();
    let _ = kill_process(id, what);
}

/// The processes that this one started.
fn children(id: u32) -> Vec<u32> {
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let numbers = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers.filter(|number| parent(*number) == Some(id)).collect()
}

/// The fourth field of `stat`, after a name in brackets that may hold anything.
fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// PostgreSQL's programs: the newest version that is installed.
fn binaries() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = installed.map(|version| version.path().join("bin")).collect();
    found.sort_by_key(|path| {
        let version = path.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        version.and_then(|name| name.parse::<u32>().ok())
    });
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::env::split_paths(&on_path).chain(found);
    all.filter(|folder| ["initdb", "postgres"].iter().all(|name| folder.join(name).is_file()))
        .last()
        .expect("no PostgreSQL programs (initdb, postgres): run cargo xtask test, which installs them")
}

fn user(name: &str) -> Option<(u32, u32)> {
    let number = |which| {
        let output = Command::new("id").args([which, name]).output().ok()?;
        String::from_utf8(output.stdout).ok()?.trim().parse().ok()
    };
    Some((number("-u")?, number("-g")?))
}
