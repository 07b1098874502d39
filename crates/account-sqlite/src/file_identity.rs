//! Which file a path names: whether the database that is open is still the one that would be found at the
//! next start. A file that was moved away or deleted takes writes as before, and nobody finds them again.

use std::io;
use std::path::{Path, PathBuf};

/// A path, and the file that it named when the database was opened.
#[derive(Debug)]
pub(crate) struct FileIdentity {
    path: PathBuf,
    file: (u64, u64),
}

impl FileIdentity {
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        // The working directory may change.
        let path = std::path::absolute(path)?;
        Ok(Self { file: device_and_number(&path)?, path })
    }

    /// Where it was found, whatever the working directory is now.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An error once the path names another file, or none.
    pub(crate) fn check(&self) -> io::Result<()> {
        if device_and_number(&self.path)? == self.file {
            Ok(())
        } else {
            Err(io::Error::other("another file is in the place of the open database"))
        }
    }
}

#[cfg(unix)]
fn device_and_number(path: &Path) -> io::Result<(u64, u64)> {
    use std::os::unix::fs::MetadataExt as _;
    let about = std::fs::metadata(path)?;
    Ok((about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn device_and_number(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::metadata(path).map(|_| (0, 0))
}

#[cfg(all(test, unix))]
mod tests {
    use account_core::store::{AccountStore, StoreError};
    use account_testkit::block_on;

    use crate::{OpenError, SqliteStore};

    #[test]
    fn a_database_that_was_moved_away_or_replaced_is_not_ready() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("account.db"), folder.path().join("away.db"));
        let store = SqliteStore::open(&path).unwrap();
        block_on(store.ready()).unwrap();
        std::fs::rename(&path, &away).unwrap();
        assert!(matches!(block_on(store.ready()), Err(StoreError::Unavailable(_))));
        std::fs::write(&path, b"").unwrap();
        assert!(matches!(block_on(store.ready()), Err(StoreError::Unavailable(_))));
        std::fs::rename(&away, &path).unwrap();
        block_on(store.ready()).unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_refused_untouched() {
        for path in [std::path::Path::new("/dev/null"), tempfile::tempdir().unwrap().path()] {
            let refused = SqliteStore::open(path).err();
            assert!(matches!(refused, Some(OpenError::File { .. })), "{refused:?}");
        }
    }
}
