//! The stores that every test of this program runs over, each fresh and of its own.

use std::path::PathBuf;
use std::sync::Arc;

use account_core::ports::throttle::Throttle;
use account_core::store::AccountStore;
use account_postgres::scratch::ScratchDatabase;
use account_sqlite::{OpenOptions, SqliteStore};
use tempfile::TempDir;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A store that is open, and the place where it is kept.
pub(crate) struct FreshStore {
    pub(crate) store: Arc<dyn AccountStore>,
    pub(crate) throttle: Arc<dyn Throttle>,
    place: Arc<Place>,
}

/// A database, which goes when the last store on it does.
enum Place {
    Folder(TempDir),
    Server(Box<ScratchDatabase>),
}

impl Kind {
    /// An empty store: a database file on disk, or a database in the server that the tests use.
    pub(crate) async fn fresh(self) -> FreshStore {
        let place = match self {
            Self::Sqlite => Place::Folder(tempfile::tempdir().unwrap()),
            Self::Postgres => Place::Server(Box::new(ScratchDatabase::create().await.unwrap())),
        };
        FreshStore::on(Arc::new(place)).await
    }
}

impl FreshStore {
    async fn on(place: Arc<Place>) -> Self {
        match &*place {
            Place::Folder(folder) => Self::with(SqliteStore::open(file(folder)).unwrap(), &place),
            Place::Server(database) => Self::with(database.store().await.unwrap(), &place),
        }
    }

    fn with<S: AccountStore + Throttle + 'static>(store: S, place: &Arc<Place>) -> Self {
        let store = Arc::new(store);
        Self { store: store.clone(), throttle: store, place: Arc::clone(place) }
    }

    /// Another node's store, on the same database.
    pub(crate) async fn again(&self) -> Self {
        Self::on(Arc::clone(&self.place)).await
    }

    /// Where its file is, if it has one.
    pub(crate) fn file(&self) -> Option<PathBuf> {
        match &*self.place {
            Place::Folder(folder) => Some(file(folder)),
            Place::Server(_) => None,
        }
    }

    /// Where its server is, if it has one.
    pub(crate) fn url(&self) -> Option<String> {
        match &*self.place {
            Place::Folder(_) => None,
            Place::Server(database) => Some(database.url()),
        }
    }

    /// A store on a copy of this one's file, while nothing writes to it.
    pub(crate) fn copy_of_file(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for suffix in ["", "-wal"] {
            let original = format!("{}{suffix}", self.file().unwrap().display());
            if std::fs::exists(&original).unwrap() {
                std::fs::copy(&original, format!("{}{suffix}", file(&folder).display())).unwrap();
            }
        }
        let store = SqliteStore::open(file(&folder)).unwrap();
        Self::with(store, &Arc::new(Place::Folder(folder)))
    }

    /// A SQLite database that has room for so many pages more than an empty one.
    pub(crate) fn sqlite_with_room_for(pages: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        drop(SqliteStore::open(file(&folder)).unwrap());
        let connection = rusqlite::Connection::open(file(&folder)).unwrap();
        let empty: u32 = connection.query_one("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let store = OpenOptions::new().max_pages(empty + pages).open(file(&folder)).unwrap();
        Self::with(store, &Arc::new(Place::Folder(folder)))
    }
}

fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("account.db")
}

/// Runs each of these functions of a [`Kind`] as a test of its own over each store.
macro_rules! on_every_store {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[test] fn $name() { super::$name($crate::store_kind::Kind::Sqlite); })*
        }
        mod on_postgres {
            $(#[test] fn $name() { super::$name($crate::store_kind::Kind::Postgres); })*
        }
    };
}

pub(crate) use on_every_store;
