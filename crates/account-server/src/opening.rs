//! Opens the database and finds the keyring that belongs to it. A new SQLite database gets a keyring beside
//! it; any other database must be told where its keyring is. Which rows there are is the store's affair.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Arc;

use account_core::ports::entropy::OsEntropy;
use account_core::ports::keyring::Keyring;
use account_core::ports::throttle::Throttle;
use account_core::store::AccountStore;
use account_postgres::{PostgresOptions, PostgresStore};
use account_sqlite::OpenOptions as SqliteOptions;

use crate::assembling::in_full;
use crate::failure::Failure;
use crate::keyring_file;
use crate::settings::{DatabaseUrl, KeyringSource, Settings};
use crate::thread_priority;

/// A database that is open, with its keyring.
pub(crate) struct Opened {
    /// The accounts.
    pub(crate) store: Arc<dyn AccountStore>,
    /// The budgets that are kept beside them.
    pub(crate) throttle: Arc<dyn Throttle>,
    /// The keys. Whether they fit is found out when the services are built.
    pub(crate) keyring: Keyring,
}

/// Opens what the settings name.
///
/// # Errors
/// One line: no keyring, a bad one, a database that cannot be opened, a newer schema.
pub(crate) async fn open(settings: &Settings) -> Result<Opened, Failure> {
    settings.database.sqlite_path().map_or(Ok(()), refuse_what_is_no_file)?;
    let keyring = keyring_file::load(&keyring_source(settings)?)?;
    let refused = |error: &dyn std::error::Error| {
        // The URL is shown without its password.
        Failure::refused(format!("{}: {}", settings.database, in_full(error)))
    };
    match &settings.database {
        DatabaseUrl::Sqlite(path) => {
            let options = SqliteOptions::new().on_writer_start(thread_priority::committing);
            let store = Arc::new(options.open(path).map_err(|error| refused(&error))?);
            Ok(Opened { store: store.clone(), throttle: store, keyring })
        }
        DatabaseUrl::Postgres(url) => {
            let options = PostgresOptions::new();
            let options = match settings.transaction_pooling {
                Some(pooling) => options.transaction_pooling(pooling),
                None => options,
            };
            let connecting = PostgresStore::connect(url, options).await;
            let store = Arc::new(connecting.map_err(|error| refused(&error))?);
            Ok(Opened { store: store.clone(), throttle: store, keyring })
        }
    }
}

/// Refuses to begin anew where a database is to be found: one that is missing while its keyring is there was
/// moved or lost, and an empty one in its place would hide that.
///
/// # Errors
/// One line.
pub(crate) fn refuse_lost_database(settings: &Settings) -> Result<(), Failure> {
    let Some(database) = settings.database.sqlite_path() else { return Ok(()) };
    let keyring = keyring_file::beside(database);
    // One that is named may have been made a moment ago, for a database that is yet to be. One beside the
    // database is made after it, so it is looked for first: another program may be making both just now.
    if settings.keyring.is_some() || !keyring.exists() || database.exists() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "{} is missing and its keyring {} is there: bring the database back; `serve` and `user create` begin a new one",
        database.display(),
        keyring.display()
    )))
}

/// Before a keyring is made beside it.
fn refuse_what_is_no_file(database: &Path) -> Result<(), Failure> {
    match std::fs::metadata(database) {
        Ok(about) if !about.is_file() => {
            Err(Failure::refused(format!("the database {} is no regular file", database.display())))
        }
        _ => Ok(()),
    }
}

/// The keyring that was named; else the one beside the SQLite file, made now if the file is new.
fn keyring_source(settings: &Settings) -> Result<KeyringSource, Failure> {
    if let Some(named) = &settings.keyring {
        return Ok(named.clone());
    }
    let Some(database) = settings.database.sqlite_path() else {
        return Err(Failure::refused(format!(
            "{} needs a keyring: make one with `account-server keyring new FILE`, and name it with ACCOUNT_KEYRING",
            settings.database
        )));
    };
    let path = keyring_file::beside(database);
    if !path.exists() {
        make_beside(database, &path)?;
    }
    Ok(KeyringSource::File(path))
}

fn make_beside(database: &Path, path: &Path) -> Result<(), Failure> {
    // A file without a byte has nothing in it that another keyring could have sealed.
    if std::fs::metadata(database).is_ok_and(|about| about.len() > 0) {
        return Err(Failure::refused(format!(
            "{} exists and its keyring {} is missing: bring it back, or name it with ACCOUNT_KEYRING",
            database.display(),
            path.display()
        )));
    }
    make_empty(database)?;
    match keyring_file::create(path, &OsEntropy) {
        // Another process made it at the same moment.
        Err(_) if path.exists() => Ok(()),
        made => made.inspect(|()| {
            tracing::warn!(
                keyring = %path.display(),
                "made a keyring for the new database; back it up, and keep the copy apart from the database's"
            );
        }),
    }
}

/// The database's file, before its keyring: a keyring without a database then means that one was lost.
fn make_empty(database: &Path) -> Result<(), Failure> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(database) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Failure::refused(format!("cannot make the database {}: {error}", database.display())))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(folder: &Path, more: &[(&str, &str)]) -> Settings {
        let database = format!("sqlite://{}", folder.join("account.db").display());
        let mut pairs = vec![("ACCOUNT_DATABASE_URL", database.as_str())];
        pairs.extend_from_slice(more);
        let pairs = pairs.iter().map(|(name, value)| (name.into(), value.into()));
        Settings::gather(None, &[], pairs).unwrap()
    }

    async fn refusal(settings: &Settings) -> String {
        open(settings).await.err().unwrap().to_string()
    }

    #[tokio::test]
    async fn a_new_database_gets_a_keyring_beside_it_and_both_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            assert!(open(&settings(folder.path(), &[])).await.is_ok());
        }
        assert!(folder.path().join("account.db.keyring").exists());
    }

    #[tokio::test]
    async fn a_database_whose_keyring_is_gone_is_refused_and_no_new_keyring_is_made() {
        let folder = tempfile::tempdir().unwrap();
        open(&settings(folder.path(), &[])).await.ok().unwrap();
        let keyring = folder.path().join("account.db.keyring");
        std::fs::remove_file(&keyring).unwrap();
        assert!(refusal(&settings(folder.path(), &[])).await.contains("account.db.keyring is missing"));
        assert!(!keyring.exists());
    }

    #[tokio::test]
    async fn what_is_no_regular_file_is_one_line_and_gets_no_keyring() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("account.db")).unwrap();
        assert!(refusal(&settings(folder.path(), &[])).await.ends_with("account.db is no regular file"));
        assert!(!folder.path().join("account.db.keyring").exists());
    }

    #[tokio::test]
    async fn a_database_that_is_gone_while_its_keyring_is_there_is_not_begun_anew_by_a_command() {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(folder.path(), &[]);
        assert!(refuse_lost_database(&settings).is_ok(), "nothing is there yet");
        open(&settings).await.ok().unwrap();
        assert!(refuse_lost_database(&settings).is_ok());
        std::fs::remove_file(folder.path().join("account.db")).unwrap();
        let line = refuse_lost_database(&settings).unwrap_err().to_string();
        assert!(line.contains("account.db is missing") && !line.contains('\n'), "{line}");
    }

    #[tokio::test]
    async fn a_bad_keyring_leaves_no_database_behind() {
        let folder = tempfile::tempdir().unwrap();
        let bad = settings(folder.path(), &[("ACCOUNT_KEYRING_KEYS", "nonsense")]);
        assert!(refusal(&bad).await.contains("ACCOUNT_KEYRING_KEYS"));
        assert!(!folder.path().join("account.db").exists());
    }

    #[tokio::test]
    async fn postgres_is_never_given_a_keyring_of_its_own() {
        let pairs = [("ACCOUNT_DATABASE_URL".into(), "postgres://u:geheim@h/d".into())];
        let line = refusal(&Settings::gather(None, &[], pairs.into_iter()).unwrap()).await;
        assert!(
            line.contains("ACCOUNT_KEYRING") && line.contains("u:***@h") && !line.contains("geheim"),
            "{line}"
        );
    }
}
