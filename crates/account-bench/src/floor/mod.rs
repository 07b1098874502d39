//! The floor: the least that an axum server can do for the same answer as
//! `GET /api/client/account` by bearer key (contract 3.1). Digest of the presented secret, one point
//! select, the same JSON; no MAC, no allow-list, no expiry, no limits, no audit, no patience, no
//! headers beyond what axum sets. What the product does on top of it is measured against this.

pub(crate) mod postgres;
pub(crate) mod sqlite;

#[cfg(test)]
mod tests;

use std::net::SocketAddr;

use axum::Json;
use axum::Router;
use axum::http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

use crate::Outcome;

/// Characters of a token before its secret (contract 9.3).
const IDENTIFIER: usize = 16;

#[derive(Serialize)]
struct Item {
    object: &'static str,
    attributes: Details,
}

#[derive(Serialize)]
struct Details {
    id: i64,
    admin: bool,
    username: String,
    email: String,
    first_name: Option<String>,
    last_name: Option<String>,
    language: String,
}

/// The key's identifier and secret, as the client sent them.
fn presented(headers: &HeaderMap) -> Option<(&str, &str)> {
    let token = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?;
    token.split_at_checked(IDENTIFIER)
}

/// The account, if the stored digest is the secret's.
fn answer(secret: &str, found: Option<(Vec<u8>, Details)>) -> Response {
    match found {
        Some((digest, attributes)) if Sha256::digest(secret.as_bytes())[..] == digest[..] => {
            Json(Item { object: "user", attributes }).into_response()
        }
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn serve(listen: SocketAddr, router: Router) -> Outcome<()> {
    let listener = TcpListener::bind(listen).await?;
    Ok(axum::serve(listener, router).await?)
}
