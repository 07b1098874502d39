//! The databases that every promise is put to the test over: a SQLite file on disk, and a database of its
//! own in the PostgreSQL that `ACCOUNT_TEST_POSTGRES_URL` leads to. Both are empty at first.

use std::path::{Path, PathBuf};

use account_postgres::scratch::ScratchDatabase;

/// Which database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// An empty database, a keyring for it, and a folder for all that a test leaves behind.
pub(crate) struct Database {
    pub(crate) kind: Kind,
    /// The database as `ACCOUNT_DATABASE_URL` names it.
    pub(crate) url: String,
    folder: tempfile::TempDir,
    _scratch: Option<ScratchDatabase>,
}

impl Kind {
    /// An empty database.
    pub(crate) fn empty(self) -> Database {
        let folder = tempfile::tempdir().unwrap();
        let (url, scratch) = match self {
            Self::Sqlite => (format!("sqlite://{}", folder.path().join("account.db").display()), None),
            Self::Postgres => {
                let scratch = wait_for(ScratchDatabase::empty());
                let scratch = scratch.unwrap_or_else(|error| panic!("{error}"));
                (scratch.url(), Some(scratch))
            }
        };
        Database { kind: self, url, folder, _scratch: scratch }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl Database {
    /// One in a PostgreSQL of the test's own.
    pub(crate) fn at(url: String) -> Self {
        Self { kind: Kind::Postgres, url, folder: tempfile::tempdir().unwrap(), _scratch: None }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn keyring(&self) -> PathBuf {
        self.folder().join("account.db.keyring")
    }

    pub(crate) fn mails(&self) -> PathBuf {
        self.folder().join("mails")
    }

    /// The database's own opinion of itself: SQLite's `integrity_check`. PostgreSQL has none to ask.
    pub(crate) fn check_integrity(&self) {
        if self.kind == Kind::Sqlite {
            let found: String = rusqlite::Connection::open(self.folder().join("account.db"))
                .and_then(|file| file.query_row("PRAGMA integrity_check", (), |row| row.get(0)))
                .unwrap();
            assert_eq!(found, "ok");
        }
    }
}

/// Runs a future to its end.
pub(crate) fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs each of these functions of a [`Kind`] as a test of its own over each database.
macro_rules! over_both_databases {
    ($($name:ident),* $(,)?) => {
        mod over_sqlite {
            $(#[test] fn $name() { super::$name($crate::both_databases::Kind::Sqlite); })*
        }
        mod over_postgres {
            $(#[test] fn $name() { super::$name($crate::both_databases::Kind::Postgres); })*
        }
    };
}

pub(crate) use over_both_databases;
