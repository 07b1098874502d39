//! A PostgreSQL for the tests: the one that `ACCOUNT_TEST_POSTGRES_URL` names, or a throw-away
//! cluster made from the system's own binaries. There is no way to go on without one. It makes no
//! database and no table: each test creates its own through the URL.

mod binaries;
mod cluster;
mod keeper;
mod stale;

use std::env;
use std::io::{Read, Write};
use std::process::ExitCode;

use crate::failure::{Failure, Outcome};
pub(crate) use cluster::Durability;
use keeper::Keeper;
pub(crate) use keeper::{COMMAND as KEEPER, keep};

/// Where tests read the URL of a maintenance database, with a role that may create databases.
pub(crate) const URL_VARIABLE: &str = "ACCOUNT_TEST_POSTGRES_URL";

/// A PostgreSQL that answers, until this value goes.
pub(crate) enum Postgres {
    /// Somebody else's: it was running before, and runs on.
    Given(String),
    /// A throw-away cluster with the process that stops it.
    Started(Keeper),
}

impl Postgres {
    /// The URL of a maintenance database, password included.
    pub(crate) fn url(&self) -> &str {
        match self {
            Self::Given(url) => url,
            Self::Started(keeper) => keeper.url(),
        }
    }

    /// Stops what was started and waits until it is gone.
    ///
    /// # Errors
    /// When the throw-away cluster could not be taken away.
    pub(crate) fn finish(self) -> Outcome<()> {
        match self {
            Self::Given(_) => Ok(()),
            Self::Started(keeper) => keeper.finish(),
        }
    }
}

/// Finds or starts a PostgreSQL. One that is found is as durable as somebody else made it.
///
/// # Errors
/// When there is none and none can be installed or started.
pub(crate) fn provide(durability: Durability) -> Outcome<Postgres> {
    match env::var(URL_VARIABLE) {
        Ok(url) if !url.trim().is_empty() => {
            eprintln!("xtask: PostgreSQL as {URL_VARIABLE} says");
            Ok(Postgres::Given(url))
        }
        Err(env::VarError::NotUnicode(_)) => Err(Failure::new(format!("{URL_VARIABLE} is not UTF-8"))),
        _ => Keeper::start(durability).map(Postgres::Started),
    }
}

/// `cargo xtask postgres`: a throw-away cluster for as long as the terminal keeps our input open.
///
/// # Errors
/// As [`provide`].
pub(crate) fn run() -> Outcome<ExitCode> {
    let keeper = Keeper::start(Durability::Quick)?;
    let mut out = std::io::stdout();
    writeln!(out, "export {URL_VARIABLE}='{}'", keeper.url())
        .and_then(|()| out.flush())
        .map_err(Failure::from_io("cannot print the URL"))?;
    eprintln!("xtask: it goes with the end of input (Ctrl-D) or Ctrl-C");
    let mut ignored = [0_u8; 256];
    while std::io::stdin().read(&mut ignored).is_ok_and(|read| read > 0) {}
    keeper.finish()?;
    Ok(ExitCode::SUCCESS)
}
