//! Databases with many accounts. The first thousand are made through the core, so that their
//! passwords verify and their keys are genuine; the rest is written in bulk, in the real schema, with
//! a password hash that is bound to somebody else and so fits nobody: a real one each would take days.
//! Nothing here is for a database that anybody uses.

#[macro_use]
mod identifier;
mod manifest;
mod postgres;
mod sqlite;
mod usable;

#[cfg(test)]
mod tests;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use account_core::Accounts;
use account_core::id::AccountId;
use account_core::ports::entropy::OsEntropy;
use account_core::ports::keyring::Keyring;
use account_core::store::AccountStore;
use account_postgres::{PostgresOptions, PostgresStore};
use account_sqlite::SqliteStore;

use crate::Outcome;
use crate::command_line::{GenerateOptions, TidyOptions};
use crate::stopwatch;
pub(crate) use manifest::Manifest;
pub(crate) use postgres::drop_database;

/// How many accounts there are to be, and when they came.
#[derive(Debug, Clone, Copy)]
struct Plan {
    /// All accounts, the usable ones among them.
    accounts: u64,
    usable: u64,
    /// Unix milliseconds.
    now: i64,
    /// Between one account and the next, in milliseconds.
    interval: i64,
}

/// What the bulk of accounts is made of.
struct Bulk {
    plan: Plan,
    /// A hash that verifies nobody's password.
    password: String,
    /// A key's MAC, of which the version and the key's name are kept.
    mac: Vec<u8>,
    /// When sessions were last seen: far enough ahead that none runs out while the database is kept.
    seen: i64,
}

/// Random bytes at the end of a MAC; what stands before them names the key.
const MAC_TAG: usize = 32;

/// Twenty days in milliseconds; the oldest session then has as long to live as well.
const SEEN_AHEAD: i64 = 20 * 86_400_000;

/// The accounts came one after the other, in so many milliseconds or a little less.
const GROWN_IN: u64 = 60 * 86_400_000;

impl Plan {
    /// The time of account number 0, which is none; each account has another.
    fn begin(&self) -> Outcome<i64> {
        Ok(self.now - i64::try_from(self.accounts)? * self.interval)
    }

    /// The numbers of the usable accounts are the multiples of this.
    fn step(&self) -> Outcome<i64> {
        Ok(i64::try_from(self.accounts / self.usable)?)
    }
}

impl Bulk {
    fn mac_prefix(&self) -> &[u8] {
        self.mac.get(..self.mac.len().saturating_sub(MAC_TAG)).unwrap_or_default()
    }
}

/// Makes the database, its keyring if there is none, and the manifest.
///
/// # Errors
/// When the database holds accounts already, or anything fails.
pub(crate) async fn run(options: &GenerateOptions) -> Outcome<()> {
    if options.usable == 0 || options.usable > options.accounts {
        return Err("at least one account must be usable, and no more than there are".into());
    }
    let keyring = keyring(&options.keyring)?;
    let begun = stopwatch::now();
    let plan = Plan {
        accounts: options.accounts,
        usable: options.usable,
        now: stopwatch::unix_millis(),
        interval: i64::try_from(GROWN_IN / options.accounts)?.max(1),
    };
    let (made, sample) = match sqlite_path(&options.database) {
        Some(path) => usable::make(Arc::new(SqliteStore::open(path)?), keyring, plan).await?,
        None => {
            postgres::create_database(&options.database).await?;
            let store = PostgresStore::connect(&options.database, PostgresOptions::new()).await?;
            usable::make(Arc::new(store), keyring, plan).await?
        }
    };
    let bulk = Bulk { plan, password: sample.password, mac: sample.mac, seen: plan.now + SEEN_AHEAD };
    let numbers = match sqlite_path(&options.database) {
        Some(path) => sqlite::fill(path, &bulk)?,
        None => postgres::fill(&options.database, &bulk).await?,
    };
    Manifest { accounts: options.accounts, usable: made, last_numbers: numbers }.write(&options.manifest)?;
    let seconds = stopwatch::now().duration_since(begun).as_secs_f64();
    eprintln!("account-bench: {} accounts in {seconds:.0} s", options.accounts);
    Ok(())
}

/// Takes away keys, sessions and audit entries that were added since the database was generated.
///
/// # Errors
/// When the manifest is not the database's, or the database fails.
pub(crate) async fn tidy(options: &TidyOptions) -> Outcome<()> {
    let numbers = Manifest::read(&options.manifest)?.last_numbers;
    match sqlite_path(&options.database) {
        Some(path) => sqlite::tidy(path, numbers),
        None => postgres::tidy(&options.database, numbers).await,
    }
}

/// One account that works, and its token.
///
/// # Errors
/// Those of the core.
pub(crate) async fn one_usable(accounts: &Accounts) -> Outcome<(AccountId, String)> {
    let account = usable::register(accounts, 0).await?;
    Ok((account, usable::token(accounts, account).await?))
}

/// The file of a `sqlite://` URL.
pub(crate) fn sqlite_path(url: &str) -> Option<&Path> {
    url.strip_prefix("sqlite://").map(Path::new)
}

fn keyring(path: &Path) -> Outcome<Keyring> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let text = Keyring::generate(&OsEntropy)?;
            let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
            file.write_all(text.as_bytes())?;
            text.to_string()
        }
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    Ok(Keyring::parse(&text)?)
}

/// A store that may be shared, whichever it is.
type SharedStore = Arc<dyn AccountStore>;
