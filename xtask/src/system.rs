//! What the machine offers: programs on the path, who we are, and, on Debian as root, packages.
//! It installs only what a caller names, and always says so first.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};

/// The full path of a program on `PATH`.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|directory| directory.join(name)).find(|file| file.is_file())
}

/// The numeric user and group of a named user (`None`: the current one); nothing if there is none.
pub(crate) fn user(name: Option<&str>) -> Option<(u32, u32)> {
    Some((id("-u", name)?, id("-g", name)?))
}

fn id(which: &str, name: Option<&str>) -> Option<u32> {
    let output = Command::new("id").arg(which).args(name).stderr(Stdio::null()).output().ok()?;
    if !output.status.success() {
        return None;
    }
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// Whether this process is root, who may not run PostgreSQL and may install packages.
pub(crate) fn is_root() -> bool {
    user(None).is_some_and(|(user, _)| user == 0)
}

/// Makes sure that OpenSSH's `ssh-keygen` is there: tests compare fingerprints with it.
///
/// # Errors
/// When it is neither there nor can be installed.
pub(crate) fn require_ssh_keygen() -> Outcome<()> {
    if program("ssh-keygen").is_none() {
        install("openssh-client", "ssh-keygen")?;
    }
    match program("ssh-keygen") {
        Some(_) => Ok(()),
        None => Err(Failure::new("ssh-keygen is not on PATH; install OpenSSH's client programs")),
    }
}

/// Where distributions keep the mail server that tests send real mail to.
const MAIL_SERVERS: [&str; 3] = ["/usr/sbin/exim4", "/usr/sbin/exim", "/usr/local/sbin/exim"];

/// Makes sure that Exim is there: tests start one of their own, which listens on loopback alone and keeps
/// what it is sent.
///
/// # Errors
/// When it is neither there nor can be installed.
pub(crate) fn require_mail_server() -> Outcome<()> {
    let is_there = || MAIL_SERVERS.iter().any(|file| Path::new(file).is_file());
    if !is_there() {
        install("exim4-daemon-light", "the mail server Exim")?;
    }
    if is_there() {
        return Ok(());
    }
    Err(Failure::new("the mail server Exim is not to be found; install it"))
}

/// Installs a Debian package, as root on a Debian machine; elsewhere it says what is missing.
///
/// # Errors
/// On another system, for another user, or when apt-get fails.
pub(crate) fn install(package: &str, wanted: &str) -> Outcome<()> {
    if program("apt-get").is_none() || !Path::new("/etc/debian_version").exists() {
        return Err(Failure::new(format!("{wanted} is missing: install it and try again")));
    }
    if !is_root() {
        return Err(Failure::new(format!(
            "{wanted} is missing: run `sudo apt-get install {package}` and try again"
        )));
    }
    eprintln!("xtask: {wanted} is missing; installing the package {package} with apt-get");
    apt_get(&["update"])?;
    apt_get(&["install", "-y", "--no-install-recommends", package])
}

fn apt_get(arguments: &[&str]) -> Outcome<()> {
    let status = Command::new("apt-get")
        .args(arguments)
        .env("DEBIAN_FRONTEND", "noninteractive")
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(Failure::from_io("cannot run apt-get"))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("`apt-get {}` failed ({status})", arguments.join(" "))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_on_the_path_is_found_and_an_invented_one_is_not() {
        assert!(program("sh").is_some());
        assert_eq!(program("no-such-program-anywhere"), None);
    }

    #[test]
    fn root_is_user_zero_and_an_invented_user_is_nobody() {
        assert_eq!(user(Some("root")).map(|(user, _)| user), Some(0));
        assert_eq!(user(Some("no-such-user-anywhere")), None);
    }
}
