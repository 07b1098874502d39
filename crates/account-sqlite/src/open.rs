//! Opening a database, and what can stand against it. Makes the file, but no keyring: that is the
//! program's.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use account_core::store::BoxError;
use thiserror::Error;

use crate::store::SqliteStore;
use crate::writer::OnStart;

/// Why a database cannot be used. Each is one line that an operator can act on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file or its folder cannot be used.
    #[error("cannot open the database {}: {source}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// SQLite refused.
    #[error("cannot open the database: {0}")]
    Database(#[source] BoxError),
    /// A setting that durability rests on did not hold.
    #[error("the database does not accept the setting {0}")]
    Setting(&'static str),
    /// The schema is from a newer program.
    #[error("the database has schema {found}, and this program knows {known}: run a newer program")]
    Newer {
        /// The database's schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// A part of the schema was made by another file of that number.
    #[error("part {number} of the database's schema is not this program's")]
    Altered {
        /// The file's number.
        number: i64,
    },
    /// The file is a database of something else.
    #[error("the file is a database of another program")]
    Foreign,
    /// A thread of the store could not be started.
    #[error("cannot start a thread for the database: {0}")]
    Thread(#[source] io::Error),
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(Box::new(error))
    }
}

/// How a database is opened. [`SqliteStore::open`] takes the defaults.
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("account.db");
/// let store = account_sqlite::OpenOptions::new().readers(2).open(&path)?;
/// # Ok::<(), account_sqlite::OpenError>(())
/// ```
#[derive(Clone, Default)]
pub struct OpenOptions {
    max_pages: Option<u32>,
    readers: Option<usize>,
    on_writer_start: OnStart,
}

impl OpenOptions {
    /// The defaults: no limit of size, two reader connections for each core, at least four.
    pub fn new() -> Self {
        Self::default()
    }

    /// A limit of the file's size, in pages of 4,096 bytes. Writes beyond it are
    /// [`Unavailable`](account_core::store::StoreError::Unavailable), as on a full disk. The limit
    /// holds for this store's writes alone, and cannot be below the size that the file has.
    #[must_use]
    pub fn max_pages(mut self, pages: u32) -> Self {
        self.max_pages = Some(pages);
        self
    }

    /// How many connections read; at least one.
    #[must_use]
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = Some(readers.max(1));
        self
    }

    /// Called on the thread that commits when it starts, for instance to lower its priority, so that threads that
    /// answer reads on the same processor need not wait for a commit. If it panics, the thread stays as it was.
    #[must_use]
    pub fn on_writer_start(mut self, hook: impl Fn() + Send + Sync + 'static) -> Self {
        self.on_writer_start = Some(Arc::new(hook));
        self
    }

    /// Opens the database, and makes it if there is none.
    ///
    /// # Errors
    /// [`OpenError`]; nothing is changed then but for a file that may have been made empty.
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SqliteStore, OpenError> {
        let path = path.as_ref();
        make_file(path).map_err(|source| OpenError::File { path: path.to_owned(), source })?;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let readers = self.readers.unwrap_or(cores.saturating_mul(2).max(4));
        SqliteStore::start(path, self.max_pages, readers, self.on_writer_start.clone())
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("max_pages", &self.max_pages)
            .field("readers", &self.readers)
            .finish_non_exhaustive()
    }
}

/// An empty file that its owner alone may read, unless there is one. SQLite gives its log and
/// index the same mode.
fn make_file(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(file) => {
            file.sync_all()?;
            sync_folder(path)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if std::fs::metadata(path)?.is_file() {
                Ok(())
            } else {
                Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no regular file"))
            }
        }
        Err(error) => Err(error),
    }
}

/// Without it, a loss of power may take the file's name away.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> io::Result<()> {
    Ok(())
}
