//! The generated databases. Those on SQLite are kept under `target/bench` and used again as long as schema and
//! generator are the same and their sessions have not run out; those on PostgreSQL are made anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::Programs;
use super::requests::{self, Usable};
use crate::failure::{Failure, Outcome};
use crate::release;

/// Generated sessions live longer than this.
const KEPT: Duration = Duration::from_secs(14 * 86_400);

/// A generated database.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) keyring: PathBuf,
    manifest: PathBuf,
    pub(super) usable: Vec<Usable>,
}

impl Database {
    /// A SQLite database of so many accounts, as it was generated.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn sqlite(programs: &Programs, folder: &Path, accounts: u64) -> Outcome<Self> {
        let name = format!("sqlite-{accounts}");
        let own = folder.join(&name);
        let (file, stamp) = (own.join("account.db"), own.join("origins"));
        let url = format!("sqlite://{}", file.display());
        let (keyring, manifest) = (own.join("keyring"), own.join("manifest.json"));
        let origins = origins()?;
        let as_it_was =
            fs::read_to_string(&stamp).is_ok_and(|stamped| stamped == origins) && is_fresh(&manifest);
        if as_it_was {
            tidy(programs, &url, &manifest)?;
        } else {
            if own.exists() {
                fs::remove_dir_all(&own)
                    .map_err(Failure::from_io(format!("cannot remove {}", own.display())))?;
            }
            fs::create_dir_all(&own).map_err(Failure::from_io(format!("cannot make {}", own.display())))?;
            generate(programs, &url, &keyring, &manifest, accounts)?;
            fs::write(&stamp, origins).map_err(Failure::from_io("cannot write the stamp"))?;
        }
        let usable = requests::usable(&manifest)?;
        Ok(Self { name, url, keyring, manifest, usable })
    }

    /// A PostgreSQL database of so many accounts beside the one that `maintenance` names.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn postgres(
        programs: &Programs,
        folder: &Path,
        maintenance: &str,
        accounts: u64,
    ) -> Outcome<Self> {
        let name = format!("postgres-{accounts}");
        let own = folder.join(&name);
        fs::create_dir_all(&own).map_err(Failure::from_io(format!("cannot make {}", own.display())))?;
        let url = beside(maintenance, &format!("account_bench_{}_{accounts}", std::process::id()))?;
        let (keyring, manifest) = (own.join("keyring"), own.join("manifest.json"));
        generate(programs, &url, &keyring, &manifest, accounts)?;
        let usable = requests::usable(&manifest)?;
        Ok(Self { name, url, keyring, manifest, usable })
    }

    /// The file, on SQLite.
    ///
    /// # Errors
    /// When it is none.
    pub(super) fn file(&self) -> Outcome<&Path> {
        let path = self.url.strip_prefix("sqlite://").map(Path::new);
        path.ok_or_else(|| Failure::new(format!("{} is no file", self.name)))
    }

    /// Takes away what loads have added.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn tidy(&self, programs: &Programs) -> Outcome<()> {
        tidy(programs, &self.url, &self.manifest)
    }

    /// Takes the whole database away; a file stays for the next run.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn drop(&self, programs: &Programs) -> Outcome<()> {
        if self.url.starts_with("sqlite://") {
            return Ok(());
        }
        run(Command::new(&programs.bench).args(["drop", "--database", &self.url]))
    }

    /// Commits a second by so many writers, without a server in between.
    ///
    /// # Errors
    /// When it fails.
    pub(super) fn commits(&self, programs: &Programs, writers: usize, seconds: f64) -> Outcome<f64> {
        let output = Command::new(&programs.bench)
            .args(["commits", "--database", &self.url, "--manifest"])
            .arg(&self.manifest)
            .args(["--writers", &writers.to_string(), "--seconds", &seconds.to_string()])
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::from_io("cannot run the commits"))?;
        let report: Option<serde_json::Value> = serde_json::from_slice(&output.stdout).ok();
        let rate = report.and_then(|report| report.get("rate")?.as_f64());
        rate.ok_or_else(|| {
            Failure::new(format!("commits: {}", String::from_utf8_lossy(&output.stderr).trim()))
        })
    }
}

fn generate(programs: &Programs, url: &str, keyring: &Path, manifest: &Path, accounts: u64) -> Outcome<()> {
    eprintln!("xtask: generating {accounts} accounts in {}", url.split('@').next_back().unwrap_or(url));
    let mut command = Command::new(&programs.bench);
    command.args(["generate", "--database", url, "--accounts", &accounts.to_string()]);
    run(command.arg("--keyring").arg(keyring).arg("--manifest").arg(manifest))
}

fn tidy(programs: &Programs, url: &str, manifest: &Path) -> Outcome<()> {
    run(Command::new(&programs.bench).args(["tidy", "--database", url]).arg("--manifest").arg(manifest))
}

fn run(command: &mut Command) -> Outcome<()> {
    let status =
        command.stdin(Stdio::null()).status().map_err(Failure::from_io("cannot run account-bench"))?;
    if status.success() { Ok(()) } else { Err(Failure::new(format!("account-bench failed ({status})"))) }
}

/// What a generated database follows from: the schema, the generator, and what a key's row is named by.
const ORIGINS: [&str; 3] = [
    "crates/account-sqlite/schema",
    "crates/account-bench/src/generate",
    "crates/account-core/src/api_key/identifier.rs",
];

/// All files of them, one after the other.
fn origins() -> Outcome<String> {
    let mut texts = String::new();
    for origin in ORIGINS.map(|origin| release::root().join(origin)) {
        let unreadable = || Failure::from_io(format!("cannot read {}", origin.display()));
        let mut files = vec![origin.clone()];
        if origin.is_dir() {
            files =
                fs::read_dir(&origin).map_err(unreadable())?.flatten().map(|entry| entry.path()).collect();
            files.retain(|file| !file.ends_with("tests.rs"));
            files.sort();
        }
        for file in files {
            texts.push_str(&fs::read_to_string(file).map_err(unreadable())?);
        }
    }
    Ok(texts)
}

fn is_fresh(manifest: &Path) -> bool {
    let written = fs::metadata(manifest).and_then(|about| about.modified()).ok();
    written.and_then(|time| time.elapsed().ok()).is_some_and(|age| age < KEPT)
}

/// The URL with another database.
fn beside(maintenance: &str, name: &str) -> Outcome<String> {
    let (base, query) = match maintenance.split_once('?') {
        Some((base, query)) => (base, format!("?{query}")),
        None => (maintenance, String::new()),
    };
    let start = base.find("://").map_or(0, |at| at + 3);
    let authority = base.get(start..).and_then(|rest| rest.split_once('/')).map(|(authority, _)| authority);
    let authority = authority.ok_or_else(|| Failure::new("the URL of PostgreSQL names no database"))?;
    Ok(format!("{}{authority}/{name}{query}", base.get(..start).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_beside_another_differs_in_its_name_alone() {
        assert_eq!(beside("postgres://u:p@h:1/postgres", "x").unwrap(), "postgres://u:p@h:1/x");
        assert_eq!(beside("postgres://h/a?sslmode=disable", "x").unwrap(), "postgres://h/x?sslmode=disable");
        assert!(beside("postgres://h", "x").is_err());
    }

    #[test]
    fn schema_and_generator_are_found() {
        let origins = origins().unwrap();
        assert!(
            ["CREATE TABLE api_key", "INSERT INTO api_key", "fn number"]
                .iter()
                .all(|text| origins.contains(text))
        );
    }
}
