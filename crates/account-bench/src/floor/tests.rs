//! A floor is one only if it gives the product's answer.

use std::sync::Arc;

use account_axum::Options;
use account_core::Accounts;
use account_core::ports::entropy::OsEntropy;
use account_core::ports::keyring::Keyring;
use account_core::store::AccountStore;
use account_postgres::scratch::ScratchDatabase;
use account_sqlite::SqliteStore;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt;

use crate::generate::one_usable;

/// The product's router, and a token that works on it.
async fn product(store: Arc<dyn AccountStore>) -> (Router, String) {
    let keyring = Keyring::parse(&Keyring::generate(&OsEntropy).unwrap()).unwrap();
    let accounts = Accounts::builder(store, keyring).build().await.unwrap();
    let (_, token) = one_usable(&accounts).await.unwrap();
    (account_axum::router(accounts, Options::default()), token)
}

async fn ask(router: &Router, token: &str) -> (StatusCode, String) {
    let request = Request::get("/api/client/account").header("authorization", format!("Bearer {token}"));
    let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), 64 * 1024).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn compare(floor: &Router, product: &Router, token: &str) {
    let answer = ask(product, token).await;
    assert_eq!(answer.0, StatusCode::OK);
    assert_eq!(ask(floor, token).await, answer);
    let wrong = format!("{}0", &token[..token.len() - 1]);
    let unknown = token.replace("ptlc_", "abcd_");
    for refused in [wrong.as_str(), unknown.as_str(), "short"] {
        assert_eq!(ask(floor, refused).await.0, ask(product, refused).await.0, "{refused}");
    }
}

#[tokio::test]
async fn the_floor_on_sqlite_gives_the_products_answer_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let (product, token) = product(Arc::new(SqliteStore::open(&path).unwrap())).await;
    compare(&super::sqlite::router(path.into()), &product, &token).await;
}

#[tokio::test]
async fn the_floor_on_postgres_gives_the_products_answer_byte_for_byte() {
    let scratch = ScratchDatabase::create().await.unwrap();
    let store = scratch.store().await.unwrap();
    let (product, token) = product(Arc::new(store)).await;
    compare(&super::postgres::router(&scratch.url()).await.unwrap(), &product, &token).await;
}
