//! Where PostgreSQL's server programs are. Distributions keep them off `PATH`, one folder a version;
//! on Debian as root they are installed when they are nowhere.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};
use crate::system;

/// The folders that hold one folder a version, and what follows the version.
const VERSIONED: [(&str, &str); 4] = [
    ("/usr/lib/postgresql", "bin"),
    ("/usr/local", "bin"),
    ("/opt/homebrew/opt", "bin"),
    ("/usr/local/opt", "bin"),
];

/// The folder with `initdb`, `pg_ctl` and `postgres`: the newest version that is installed.
///
/// # Errors
/// When there is none and it cannot be installed.
pub(super) fn find_or_install() -> Outcome<PathBuf> {
    if let Some(found) = find() {
        return Ok(found);
    }
    system::install("postgresql", "PostgreSQL (initdb and pg_ctl)")?;
    find().ok_or_else(|| Failure::new("PostgreSQL was installed, yet initdb and pg_ctl are not to be found"))
}

fn find() -> Option<PathBuf> {
    let versioned = VERSIONED.iter().flat_map(|(folder, last)| candidates(Path::new(folder), last));
    let newest = versioned.filter(|folder| is_complete(folder)).max_by_key(|folder| version(folder));
    newest.or_else(|| {
        let path = env::var_os("PATH")?;
        env::split_paths(&path).find(|folder| is_complete(folder))
    })
}

fn candidates(folder: &Path, last: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path().join(last)).collect()
}

/// `PATH` may hold links to clients alone, so all three are looked for.
fn is_complete(folder: &Path) -> bool {
    ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file())
}

/// The number in the folder above `bin`: 15 for `…/postgresql/15/bin` and `…/postgresql@15/bin`.
fn version(folder: &Path) -> u32 {
    let name = folder.parent().and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or("");
    let digits: String =
        name.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        let of = |path: &str| version(Path::new(path));
        assert_eq!(of("/usr/lib/postgresql/9/bin"), 9);
        assert_eq!(of("/opt/homebrew/opt/postgresql@17/bin"), 17);
        assert_eq!(of("/usr/local/pgsql/bin"), 0);
        assert!(of("/usr/lib/postgresql/9/bin") < of("/usr/lib/postgresql/15/bin"));
    }

    #[test]
    fn a_folder_without_the_server_is_no_postgresql() {
        assert!(!is_complete(Path::new("/nowhere")));
    }
}
