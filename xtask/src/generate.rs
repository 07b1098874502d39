//! `cargo xtask generate`: a database with many accounts, for looking at one by hand. The generator
//! itself is `account-bench`.

use std::process::{Command, ExitCode, Stdio};

use crate::failure::{Failure, Outcome};
use crate::release;

/// Generates a database; the arguments are the generator's.
///
/// # Errors
/// When it cannot be built or run; a failure of its own is an exit code.
pub(crate) fn run(arguments: &[String]) -> Outcome<ExitCode> {
    let folder = release::build(&["account-bench"])?;
    let status = Command::new(folder.join("account-bench"))
        .arg("generate")
        .args(arguments)
        .stdin(Stdio::null())
        .status()
        .map_err(Failure::from_io("cannot run account-bench"))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
