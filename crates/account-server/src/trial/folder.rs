//! The folder of the `try` command, with a marker that says that it is ours. It is locked while in use, and
//! emptied of what `try` made; a file of somebody else's is left alone.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// The folder, in the working directory.
pub(super) const NAME: &str = "account-try";
/// The database in it.
pub(super) const DATABASE: &str = "account.db";
/// The sample's API key, alone, for `$(cat account-try/api-key)`.
pub(super) const API_KEY: &str = "api-key";
/// The sample's password, alone.
pub(super) const PASSWORD: &str = "password";
/// Where curl keeps the session's cookie.
pub(super) const COOKIES: &str = "cookies";
/// The folder of mails in it.
pub(super) const MAILS: &str = "mails";

const MARKER: &str = ".made-by-account-server-try";
const OURS: &[&str] =
    &["account.db", "account.db-wal", "account.db-shm", "account.db.keyring", API_KEY, PASSWORD, COOKIES];

/// The folder, ours as long as this lives.
#[derive(Debug)]
pub(super) struct TrialFolder {
    path: PathBuf,
    /// Locked until the process ends, however it ends.
    _marker: File,
}

impl TrialFolder {
    /// Makes the folder; one that an earlier `try` made is emptied first.
    ///
    /// # Errors
    /// One line: it is not ours, in use, or cannot be made.
    pub(super) fn renew(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let cannot = |error: io::Error| Failure::refused(format!("cannot use the folder {shown}: {error}"));
        let new = match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => return Err(cannot(error)),
        };
        let marker = OpenOptions::new().write(true).create_new(new).mode(0o600).open(path.join(MARKER));
        let marker = match marker {
            Err(error) if !new && matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(Failure::refused(format!(
                    "{shown} exists and was not made by `try`: it is left alone; move it away, or start elsewhere"
                )));
            }
            opened => opened.map_err(cannot)?,
        };
        match marker.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::refused(format!("{shown} is in use by another `try` that is running")));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        empty(path).map_err(cannot)?;
        Ok(Self { path: path.to_owned(), _marker: marker })
    }

    /// Writes a secret into a file of its own, readable by its owner alone, without a line's end.
    ///
    /// # Errors
    /// One line.
    pub(super) fn keep(&self, name: &str, secret: &str) -> Result<(), Failure> {
        let path = self.path.join(name);
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        file.and_then(|mut file| file.write_all(secret.as_bytes()))
            .map_err(|error| Failure::refused(format!("cannot write {}: {error}", path.display())))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn empty(path: &Path) -> io::Result<()> {
    let gone = |removed: io::Result<()>| match removed {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed,
    };
    OURS.iter().try_for_each(|name| gone(fs::remove_file(path.join(name))))?;
    gone(fs::remove_dir_all(path.join(MAILS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_of_its_own_is_emptied_and_what_others_put_there_stays() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(NAME);
        drop(TrialFolder::renew(&path).unwrap());
        for name in ["account.db", "account.db.keyring", "api-key", "password", "cookies", "notes.txt"] {
            fs::write(path.join(name), "x").unwrap();
        }
        fs::create_dir(path.join(MAILS)).unwrap();
        fs::write(path.join(MAILS).join("000001.eml"), "x").unwrap();
        let folder = TrialFolder::renew(&path).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [MARKER, "notes.txt"]);
    }

    #[test]
    fn a_folder_or_file_of_somebody_else_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, file) = (parent.path().join("a"), parent.path().join("b"));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("account.db"), "precious").unwrap();
        fs::write(&file, "precious").unwrap();
        for path in [&folder, &file] {
            let line = TrialFolder::renew(path).unwrap_err().to_string();
            assert!(line.contains("left alone"), "{line}");
        }
        assert_eq!(fs::read_to_string(folder.join("account.db")).unwrap(), "precious");
        assert_eq!(fs::read_to_string(file).unwrap(), "precious");
    }

    #[test]
    fn a_folder_in_use_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join(NAME);
        let held = TrialFolder::renew(&path).unwrap();
        assert!(TrialFolder::renew(&path).unwrap_err().to_string().contains("in use"));
        drop(held);
        assert!(TrialFolder::renew(&path).is_ok());
    }
}
