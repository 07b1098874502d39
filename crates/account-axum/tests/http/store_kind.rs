//! The stores that every test of this program runs over, each fresh and of its own.

use std::any::Any;
use std::path::PathBuf;
use std::sync::Arc;

use account_core::ports::throttle::Throttle;
use account_core::store::AccountStore;
use account_postgres::scratch::ScratchDatabase;
use account_sqlite::SqliteStore;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Sqlite,
    Postgres,
}

/// A store that is open, and what must live as long as it does.
pub(crate) struct FreshStore {
    pub(crate) store: Arc<dyn AccountStore>,
    pub(crate) throttle: Arc<dyn Throttle>,
    /// Where its file is, if it has one.
    pub(crate) file: Option<PathBuf>,
    pub(crate) place: Box<dyn Any + Send>,
}

impl Kind {
    /// An empty store: a database file on disk, or a database in the server that the tests use.
    pub(crate) async fn fresh(self) -> FreshStore {
        match self {
            Self::Sqlite => sqlite(tempfile::tempdir().unwrap()),
            Self::Postgres => {
                let database = ScratchDatabase::create().await.unwrap();
                let store = Arc::new(database.store().await.unwrap());
                FreshStore { store: store.clone(), throttle: store, file: None, place: Box::new(database) }
            }
        }
    }
}

fn sqlite(folder: tempfile::TempDir) -> FreshStore {
    let file = folder.path().join("account.db");
    let store = Arc::new(SqliteStore::open(&file).unwrap());
    FreshStore { store: store.clone(), throttle: store, file: Some(file), place: Box::new(folder) }
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
