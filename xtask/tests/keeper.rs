//! The throw-away cluster goes when whoever asked for it goes, however that happens. PostgreSQL's
//! programs are stood in for by two small scripts, so that this runs where there is no PostgreSQL; that
//! the real one starts is shown by every test that talks to it.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const INITDB: &str = "for last; do :; done; mkdir \"$last\"";
const PG_CTL: &str = "for last; do :; done
case \"$1\" in start) touch \"$last/postmaster.pid\";; stop) touch \"$last/../../stopped\";; esac";

/// A folder with the stand-ins and room for clusters, gone with the test.
struct Machine(PathBuf);

impl Machine {
    fn new(name: &str, pg_ctl: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("account-xtask-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        // The stand-ins may run as another user, as PostgreSQL does for root.
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        for (program, script) in [("initdb", INITDB), ("pg_ctl", pg_ctl)] {
            fs::write(folder.join(program), format!("#!/bin/sh\nset -e\n{script}\n")).unwrap();
            fs::set_permissions(folder.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn keep(&self) -> (Child, BufReader<ChildStdout>) {
        let mut keeper = Command::new(env!("CARGO_BIN_EXE_xtask"));
        keeper.arg("keep-postgres").arg(&self.0).arg("quick").env("TMPDIR", &self.0);
        let mut keeper =
            keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let answer = BufReader::new(keeper.stdout.take().unwrap());
        (keeper, answer)
    }

    fn clusters(&self) -> usize {
        let entries = fs::read_dir(&self.0).unwrap().flatten();
        entries.filter(|entry| is_cluster(&entry.path())).count()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The folder or its lock: both must go.
fn is_cluster(path: &Path) -> bool {
    path.file_name().unwrap().to_str().unwrap().starts_with("account-test-postgres-")
}

#[test]
fn a_cluster_is_stopped_and_removed_when_the_pipe_of_its_user_closes() {
    let machine = Machine::new("closes", PG_CTL);
    let (mut keeper, mut answer) = machine.keep();
    let mut url = String::new();
    answer.read_line(&mut url).unwrap();
    assert!(url.starts_with("postgres://account_test:"), "{url}");
    assert_eq!(machine.clusters(), 2);

    drop(keeper.stdin.take());
    assert!(keeper.wait().unwrap().success());
    assert_eq!(machine.clusters(), 0);
    assert!(machine.0.join("stopped").exists());
}

#[test]
fn a_cluster_whose_keeper_was_killed_is_removed_by_the_next_run() {
    let machine = Machine::new("killed", PG_CTL);
    let (mut keeper, mut answer) = machine.keep();
    answer.read_line(&mut String::new()).unwrap();
    keeper.kill().unwrap();
    keeper.wait().unwrap();
    assert_eq!(machine.clusters(), 2);

    let (mut next, _answer) = machine.keep();
    drop(next.stdin.take());
    assert!(next.wait().unwrap().success());
    assert_eq!(machine.clusters(), 0);
}

#[test]
fn a_postgresql_that_does_not_start_is_a_failure_with_its_reason_and_leaves_nothing() {
    let machine = Machine::new("refuses", "echo no room at all; exit 1");
    let (mut keeper, mut answer) = machine.keep();
    let mut url = String::new();
    answer.read_line(&mut url).unwrap();
    let mut said = String::new();
    keeper.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(!keeper.wait().unwrap().success());
    assert_eq!(url, "");
    assert!(said.contains("no room at all"), "{said}");
    assert_eq!(machine.clusters(), 0);
}
