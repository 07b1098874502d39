//! The hot path inside this process, without sockets: a request goes into the product's router, or the
//! floor's, and its answer comes out. Under callgrind the difference between two runs of different length is the
//! number of instructions of a request, on any machine nearly the same.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use account_axum::{Options, SessionCookie, router};
use account_core::Accounts;
use account_core::ports::entropy::OsEntropy;
use account_core::ports::keyring::Keyring;
use account_core::session::Client;
use account_sqlite::SqliteStore;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::Outcome;
use crate::command_line::{CredentialKind, HotPathOptions};
use crate::floor;
use crate::generate::one_usable;

/// Answers as many requests as the options say.
///
/// # Errors
/// When one of them is not answered with the account.
pub(crate) async fn run(options: &HotPathOptions) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("account.db");
    let store = Arc::new(SqliteStore::open(&path)?);
    let keyring = Keyring::parse(&Keyring::generate(&OsEntropy)?)?;
    let accounts = Accounts::builder(store, keyring).build().await?;
    let (account, token) = one_usable(&accounts).await?;
    let (name, value) = match options.by {
        CredentialKind::Key | CredentialKind::Floor => (header::AUTHORIZATION, format!("Bearer {token}")),
        CredentialKind::Session => {
            let opened = accounts.sessions().open(account, &Client::default()).await?;
            let cookie = SessionCookie::default().name();
            (header::COOKIE, format!("{cookie}={}", opened.token.expose()))
        }
    };
    let edge = Options { requests_per_minute: None, ..Options::default() };
    let router = match options.by {
        CredentialKind::Floor => floor::sqlite::router(path.into()),
        CredentialKind::Key | CredentialKind::Session => router(accounts, edge),
    };
    for _ in 0..options.requests {
        let request = Request::get("/api/client/account")
            .header(header::ACCEPT, "application/json")
            .header(&name, &value)
            .extension(ConnectInfo(SocketAddr::from((Ipv4Addr::LOCALHOST, 50_000))))
            .body(Body::empty())?;
        ask(&router, request).await?;
    }
    Ok(())
}

async fn ask(router: &Router, request: Request<Body>) -> Outcome<()> {
    let response = router.clone().oneshot(request).await?;
    let status = response.status();
    let body = to_bytes(response.into_body(), 64 * 1024).await?;
    if status != StatusCode::OK || body.is_empty() {
        return Err(format!("{status} instead of the account").into());
    }
    Ok(())
}
