//! The floor on PostgreSQL: sqlx's pool and one prepared statement.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sqlx::postgres::{PgPool, PgPoolOptions, PgRow};
use sqlx::{Error, Row};

use super::{Details, answer, presented};
use crate::Outcome;
use crate::command_line::FloorOptions;

/// As many as the product's default.
const CONNECTIONS: u32 = 16;

const KEY_WITH_ACCOUNT: &str = "SELECT api_key.secret, account.id, account.admin, account.username, account.email, \
     account.first_name, account.last_name, account.language \
     FROM api_key JOIN account ON account.id = api_key.account WHERE api_key.identifier = $1";

/// Serves until it is killed.
///
/// # Errors
/// When the address is taken, or the database does not answer.
pub(crate) async fn serve(options: &FloorOptions) -> Outcome<()> {
    super::serve(options.listen, router(&options.database).await?).await
}

/// The floor's one route.
pub(super) async fn router(database: &str) -> Outcome<Router> {
    // A ping before each use would be a round trip more than the least.
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .min_connections(CONNECTIONS)
        .test_before_acquire(false)
        .connect(database)
        .await?;
    Ok(Router::new().route("/api/client/account", get(show)).with_state(pool))
}

async fn show(State(pool): State<PgPool>, headers: HeaderMap) -> Response {
    let Some((identifier, secret)) = presented(&headers) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    match find(&pool, identifier).await {
        Ok(found) => answer(secret, found),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn find(pool: &PgPool, identifier: &str) -> Result<Option<(Vec<u8>, Details)>, Error> {
    let row = sqlx::query(KEY_WITH_ACCOUNT).bind(identifier).fetch_optional(pool).await?;
    row.map(|row| read(&row)).transpose()
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
