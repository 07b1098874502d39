//! One throw-away PostgreSQL cluster in a folder of its own: made, started, stopped, removed. It is
//! never run as root, listens on loopback and a socket in its folder, and wants a random password,
//! so that nobody else on the machine gets in. For tests it is quick: a crash of the *machine* may
//! lose it, a killed PostgreSQL process loses nothing. What is measured is as durable as anybody's.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};
use crate::system;

const ROLE: &str = "account_test";
/// Another program may take the free port before PostgreSQL does.
const START_ATTEMPTS: usize = 5;
/// Users that PostgreSQL runs as when we are root, in this order.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// What every cluster is started with.
const SETTINGS: [&str; 6] = [
    "max_connections=300",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=2GB",
    "autovacuum_naptime=1min",
    "listen_addresses=127.0.0.1",
];

/// `fsync` protects against the loss of power alone; commits stay synchronous, so that a test may
/// kill PostgreSQL and find all that was acknowledged.
const QUICK: [&str; 2] = ["fsync=off", "full_page_writes=off"];

/// What a cluster keeps when the machine loses power.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Nothing, and so it is quick: for tests.
    Quick,
    /// All that was acknowledged: for measuring.
    Durable,
}

impl Durability {
    /// How the keeper is told.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Durable => "durable",
        }
    }

    pub(super) fn parse(word: &str) -> Option<Self> {
        [Self::Quick, Self::Durable].into_iter().find(|durability| durability.word() == word)
    }
}

/// A cluster in its folder, running or not.
pub(super) struct Cluster {
    binaries: PathBuf,
    folder: PathBuf,
    owner: Owner,
}

/// Who PostgreSQL runs as: ourselves, or when we are root somebody with fewer rights.
#[derive(Clone, Copy)]
pub(super) struct Owner {
    ids: Option<(u32, u32)>,
}

impl Owner {
    /// The current user, or when that is root the first of [`UNPRIVILEGED`] that exists.
    ///
    /// # Errors
    /// For root on a machine without such a user.
    pub(super) fn choose() -> Outcome<Self> {
        if !system::is_root() {
            return Ok(Self { ids: None });
        }
        let ids = UNPRIVILEGED.iter().find_map(|name| system::user(Some(name)));
        ids.map(|ids| Self { ids: Some(ids) }).ok_or_else(|| {
            Failure::new("PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody`")
        })
    }

    /// Makes a file or folder the owner's.
    ///
    /// # Errors
    /// When the system refuses.
    pub(super) fn take(self, path: &Path) -> Outcome<()> {
        let Some((user, group)) = self.ids else { return Ok(()) };
        chown(path, Some(user), Some(group))
            .map_err(Failure::from_io(format!("cannot give {} away", path.display())))
    }
}

impl Cluster {
    /// Makes an empty cluster in `folder`, which must not exist, and starts it.
    ///
    /// # Errors
    /// When `initdb` or the start fails; what was made is removed again.
    pub(super) fn start(binaries: &Path, folder: &Path, durability: Durability) -> Outcome<(Self, String)> {
        let owner = Owner::choose()?;
        let cluster = Self { binaries: binaries.to_owned(), folder: folder.to_owned(), owner };
        let started = cluster.create().and_then(|password| Ok((cluster.run(durability)?, password)));
        match started {
            Ok((port, password)) => {
                Ok((cluster, format!("postgres://{ROLE}:{password}@127.0.0.1:{port}/postgres")))
            }
            Err(failure) => {
                cluster.remove().ok();
                Err(failure)
            }
        }
    }

    /// A cluster that an earlier run left behind; nothing if the folder is somebody else's.
    pub(super) fn left_behind(binaries: &Path, folder: &Path) -> Option<Self> {
        let owner = Owner::choose().ok()?;
        let user = owner.ids.or_else(|| system::user(None)).map(|(user, _)| user)?;
        let found = fs::symlink_metadata(folder).ok()?;
        (found.is_dir() && found.uid() == user).then(|| Self {
            binaries: binaries.to_owned(),
            folder: folder.to_owned(),
            owner,
        })
    }

    /// Stops PostgreSQL, if it runs, and removes the folder.
    ///
    /// # Errors
    /// When the folder cannot be removed.
    pub(super) fn remove(&self) -> Outcome<()> {
        if self.data().join("postmaster.pid").exists() {
            // A second stop is not needed: `immediate` ends every process at once.
            let stop = ["stop", "--silent", "--wait", "--mode=immediate", "--timeout=20"];
            self.command("pg_ctl").args(stop).arg("-D").arg(self.data()).output().ok();
        }
        match fs::remove_dir_all(&self.folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::from_io(format!("cannot remove {}", self.folder.display()))(error))
            }
            _ => Ok(()),
        }
    }

    /// Makes the folder and the empty cluster; yields the role's password.
    fn create(&self) -> Outcome<String> {
        let cannot =
            |what: &str| Failure::from_io(format!("cannot make {what} in {}", self.folder.display()));
        DirBuilder::new().mode(0o700).create(&self.folder).map_err(cannot("a folder"))?;
        self.owner.take(&self.folder)?;
        let password = random_text()?;
        let password_file = self.folder.join("password");
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&password_file)
            .and_then(|mut file| file.write_all(password.as_bytes()))
            .map_err(cannot("a password file"))?;
        self.owner.take(&password_file)?;
        let mut initdb = self.command("initdb");
        initdb.args(["--no-sync", "--encoding=UTF8", "--no-locale", "--auth=scram-sha-256"]);
        initdb.arg(format!("--username={ROLE}")).arg("--pwfile").arg(&password_file);
        self.expect_success(initdb.arg("-D").arg(self.data()))?;
        Ok(password)
    }

    /// Starts PostgreSQL on a free port and waits until it answers.
    fn run(&self, durability: Durability) -> Outcome<u16> {
        let mut last = Failure::new("PostgreSQL was not started");
        for _ in 0..START_ATTEMPTS {
            let port = free_port()?;
            match self.expect_success(self.start_command(port, durability).arg("-D").arg(self.data())) {
                Ok(()) => return Ok(port),
                Err(failure) => last = failure,
            }
        }
        Err(Failure::new(format!("{last}\n{}", self.end_of_log())))
    }

    fn start_command(&self, port: u16, durability: Durability) -> Command {
        let mut options = format!("-p {port} -k '{}'", self.folder.display());
        let quick = if durability == Durability::Quick { &QUICK[..] } else { &[] };
        for setting in SETTINGS.iter().chain(quick) {
            options.push_str(" -c ");
            options.push_str(setting);
        }
        let mut pg_ctl = self.command("pg_ctl");
        pg_ctl.args(["start", "--silent", "--wait", "--timeout=60"]).arg("--log").arg(self.log());
        pg_ctl.arg("--options").arg(options);
        pg_ctl
    }

    /// One of PostgreSQL's programs, with the owner's rights and nobody's settings.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.binaries.join(program));
        let inherited = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG"));
        for (name, _) in inherited {
            command.env_remove(name);
        }
        command.env("LC_ALL", "C").current_dir(&self.folder).stdin(Stdio::null());
        if let Some((user, group)) = self.owner.ids {
            command.uid(user).gid(group);
        }
        command
    }

    /// Output goes to a file: PostgreSQL inherits it, and a pipe would stay open as long as it runs.
    fn expect_success(&self, command: &mut Command) -> Outcome<()> {
        let said = self.folder.join("said");
        let output = File::create(&said).and_then(|file| Ok((file.try_clone()?, file)));
        let (out, err) = output.map_err(Failure::from_io("cannot write the output down"))?;
        let name = command.get_program().to_string_lossy().into_owned();
        let status = command
            .stdout(out)
            .stderr(err)
            .status()
            .map_err(Failure::from_io(format!("cannot run {name}")))?;
        if status.success() {
            return Ok(());
        }
        let said = fs::read_to_string(&said).unwrap_or_default();
        Err(Failure::new(format!("{name} failed ({status}): {}", said.trim())))
    }

    fn end_of_log(&self) -> String {
        let log = fs::read_to_string(self.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let skipped = lines.len().saturating_sub(20);
        lines.into_iter().skip(skipped).collect::<Vec<_>>().join("\n")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}

/// 128 random bits from the system, as hexadecimal digits.
///
/// # Errors
/// When the system has no `/dev/urandom`.
pub(super) fn random_text() -> Outcome<String> {
    let mut bytes = [0_u8; 16];
    File::open("/dev/urandom")
        .and_then(|mut source| source.read_exact(&mut bytes))
        .map_err(Failure::from_io("cannot read /dev/urandom"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn free_port() -> Outcome<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::from_io("no free port on loopback"))
}
