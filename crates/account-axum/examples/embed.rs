//! The account API in an axum server of your own, with a route of your own behind it.

use std::net::SocketAddr;
use std::sync::Arc;

use account_axum::{Gate, Options, Principal, SessionCookie, auth_router, router, upkeep};
use account_core::Accounts;
use account_core::ports::{entropy::OsEntropy, keyring::Keyring};
use account_sqlite::SqliteStore;
use axum::{Router, routing::get};

/// Only for those who are signed in, by API key or session.
async fn hello(who: Principal) -> String {
    format!("Hello, {}!\n", who.account().username)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Make the keyring once, and keep it apart from the database.
    if !std::fs::exists("embed.keyring")? {
        std::fs::write("embed.keyring", Keyring::generate(&OsEntropy)?.as_bytes())?;
    }
    let keyring = Keyring::parse(&std::fs::read_to_string("embed.keyring")?)?;
    let store = Arc::new(SqliteStore::open("embed.db")?);
    let accounts = Accounts::builder(store.clone(), keyring).throttle(store).build().await?;

    let options = Options { session_cookie: SessionCookie::PlainHttp, ..Options::default() };
    let app = Router::new()
        .route("/hello", get(hello))
        .with_state(Gate::new(accounts.clone(), &options))
        .merge(router(accounts.clone(), options.clone()))
        .merge(auth_router(accounts.clone(), options));

    let upkeep = upkeep(accounts, None);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?;
    upkeep.stop().await;
    Ok(())
}
