//! How long C libargon2 takes for a hash of the product's parameters. The library is the system's
//! (Debian: `libargon2-1`); what calls it is `argon2_clock.c`, compiled here.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::failure::{Failure, Outcome};
use crate::{release, system};

const LIBRARY: &str = "libargon2.so.1";
const PACKAGE: &str = "libargon2-1";

/// The compiled clock.
#[derive(Debug)]
pub(super) struct Argon2Clock(PathBuf);

impl Argon2Clock {
    /// Compiles it, after installing the library if it is missing and that is possible.
    ///
    /// # Errors
    /// Without a C compiler or the library.
    pub(super) fn build(folder: &Path) -> Outcome<Self> {
        let program = folder.join("argon2-clock");
        if compile(&program).is_err() {
            system::install(PACKAGE, LIBRARY)?;
            compile(&program)?;
        }
        Ok(Self(program))
    }

    /// The median time of a hash, in seconds, over `count` of them on one core.
    ///
    /// # Errors
    /// When it does not run.
    pub(super) fn seconds(&self, count: u32) -> Outcome<f64> {
        let output = Command::new(&self.0)
            .arg(count.to_string())
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::from_io("cannot run the clock of C libargon2"))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let seconds = text.trim().parse().ok().filter(|_| output.status.success());
        seconds.ok_or_else(|| Failure::new("the clock of C libargon2 failed"))
    }
}

fn compile(program: &Path) -> Outcome<()> {
    let source = release::root().join("xtask/src/bench/argon2_clock.c");
    let output = Command::new("cc")
        .args(["-O2", "-o"])
        .arg(program)
        .arg(&source)
        .arg(format!("-l:{LIBRARY}"))
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::from_io("cannot run cc"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::new(format!("cc: {}", String::from_utf8_lossy(&output.stderr).trim())))
}
