//! Programs of the workspace, built as they are released. What they are for is not its business.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().unwrap_or(own).to_owned()
}

/// The folder that cargo builds into.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |given| root().join(given))
}

/// The cargo that runs us, or the one on the path.
pub(crate) fn cargo() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Builds the programs of these crates, and answers with the folder they lie in.
///
/// # Errors
/// When cargo fails.
pub(crate) fn build(packages: &[&str]) -> Outcome<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--release", "--locked", "--bins"]).current_dir(root());
    for package in packages {
        cargo.args(["-p", package]);
    }
    eprintln!("xtask: building {} for release", packages.join(" and "));
    let status = cargo
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .status()
        .map_err(Failure::from_io("cannot run cargo build"))?;
    if status.success() {
        return Ok(target().join("release"));
    }
    Err(Failure::new(format!("`cargo build --release` failed ({status})")))
}
