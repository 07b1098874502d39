//! The floor on PostgreSQL: connections that are kept, and one prepared statement. sqlx's own pool asks a
//! connection that comes back whether it lives, a round trip more than the least.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sqlx::postgres::PgRow;
use sqlx::{Connection, Error, PgConnection, Row};
use tokio::sync::Semaphore;

use super::{Details, answer, presented};
use crate::Outcome;
use crate::command_line::FloorOptions;

/// As many as the product's default.
const CONNECTIONS: usize = 16;

const KEY_WITH_ACCOUNT: &str = "SELECT api_key.secret, account.id, account.admin, account.username, account.email, \
     account.first_name, account.last_name, account.language \
     FROM api_key JOIN account ON account.id = api_key.account WHERE api_key.identifier = $1";

struct Kept {
    idle: Mutex<Vec<PgConnection>>,
    permits: Semaphore,
}

/// Serves until it is killed.
///
/// # Errors
/// When the address is taken, or the database does not answer.
pub(crate) async fn serve(options: &FloorOptions) -> Outcome<()> {
    super::serve(options.listen, router(&options.database).await?).await
}

/// The floor's one route.
pub(super) async fn router(database: &str) -> Outcome<Router> {
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(PgConnection::connect(database).await?);
    }
    let kept = Arc::new(Kept { idle: Mutex::new(idle), permits: Semaphore::new(CONNECTIONS) });
    Ok(Router::new().route("/api/client/account", get(show)).with_state(kept))
}

async fn show(State(kept): State<Arc<Kept>>, headers: HeaderMap) -> Response {
    let Some((identifier, secret)) = presented(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    match kept.find(identifier).await {
        Ok(found) => answer(secret, found),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

impl Kept {
    /// A client that goes away meanwhile takes the connection with it; those that measure stay.
    async fn find(&self, identifier: &str) -> Result<Option<(Vec<u8>, Details)>, Error> {
        let _permit = self.permits.acquire().await.map_err(|_| Error::PoolClosed)?;
        let mut connection = self.idle().pop().ok_or(Error::PoolClosed)?;
        let row = sqlx::query(KEY_WITH_ACCOUNT).bind(identifier).fetch_optional(&mut connection).await;
        self.idle().push(connection);
        row?.map(|row| read(&row)).transpose()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<PgConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn read(row: &PgRow) -> Result<(Vec<u8>, Details), Error> {
    let details = Details {
        id: row.try_get(1)?,
        admin: row.try_get(2)?,
        username: row.try_get(3)?,
        email: row.try_get(4)?,
        first_name: row.try_get(5)?,
        last_name: row.try_get(6)?,
        language: row.try_get(7)?,
    };
    Ok((row.try_get(0)?, details))
}
