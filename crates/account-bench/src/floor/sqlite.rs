//! The floor on SQLite: each thread of the runtime has a connection and a prepared statement, and
//! reads on the spot.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use account_core::api_key::ApiKeyIdentifier;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use rusqlite::{Connection, OptionalExtension};

use super::{Details, answer, presented};
use crate::Outcome;
use crate::command_line::FloorOptions;

const KEY_WITH_ACCOUNT: &str = "SELECT api_key.secret, account.id, account.admin, account.username, account.email, \
     account.first_name, account.last_name, account.language \
     FROM api_key JOIN account ON account.id = api_key.account \
     WHERE api_key.number = ?1 AND api_key.identifier = ?2";

/// Pages that a connection keeps, as the product's share on two processors.
const CACHE_KIB: i64 = 64 * 1024;

thread_local! {
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

/// Serves until it is killed.
///
/// # Errors
/// When the address is taken.
pub(crate) async fn serve(options: &FloorOptions) -> Outcome<()> {
    let path: Arc<Path> = PathBuf::from(options.database.trim_start_matches("sqlite://")).into();
    // Found out now, and not in the first request.
    Connection::open(&path)?.prepare(KEY_WITH_ACCOUNT)?;
    super::serve(options.listen, router(path)).await
}

/// The floor's one route.
pub(crate) fn router(path: Arc<Path>) -> Router {
    Router::new().route("/api/client/account", get(show)).with_state(path)
}

async fn show(State(path): State<Arc<Path>>, headers: HeaderMap) -> Response {
    let Some((identifier, secret)) = presented(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    match find(&path, identifier) {
        Ok(found) => answer(secret, found),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    // SQLite counts in pages above zero, and in KiB below.
    connection.pragma_update(None, "cache_size", CACHE_KIB.saturating_neg())?;
    Ok(connection)
}

fn find(path: &Path, identifier: &str) -> rusqlite::Result<Option<(Vec<u8>, Details)>> {
    let Some(number) = ApiKeyIdentifier::parse(identifier).map(|identifier| identifier.number()) else {
        return Ok(None);
    };
    READER.with_borrow_mut(|reader| {
        let connection = match reader {
            Some(connection) => connection,
            None => reader.insert(open(path)?),
        };
        let mut statement = connection.prepare_cached(KEY_WITH_ACCOUNT)?;
        let found = statement.query_row((number, identifier), |row| {
            let details = Details {
                id: row.get(1)?,
                admin: row.get(2)?,
                username: row.get(3)?,
                email: row.get(4)?,
                first_name: row.get(5)?,
                last_name: row.get(6)?,
                language: row.get(7)?,
            };
            Ok((row.get(0)?, details))
        });
        found.optional()
    })
}
