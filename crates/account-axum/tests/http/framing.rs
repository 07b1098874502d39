//! Requests that two servers on one path could understand differently are refused, and what is no
//! route is answered in JSON, whatever the client accepts (SEC-60, SEC-61, F-33).

use axum::Router;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::routing::{any, get, put};

use account_axum::envelope;
use account_axum::error_body::ApiError;
use account_axum::json_body::{MAX_BODY, read_fields};
use account_axum::unknown_route::{only, unknown_path};

use crate::raw_client::{Ask, Connection};
use crate::served::Served;

async fn reads_its_body(headers: HeaderMap, body: Body) -> Result<axum::response::Response, ApiError> {
    read_fields(&headers, body, MAX_BODY).await?;
    Ok(envelope::no_content())
}

fn served() -> Served {
    let known = Router::new()
        .route("/api/client/account", only("GET, HEAD", get(async || envelope::no_content())))
        .route("/api/client/account/email", only("PUT", put(reads_its_body)))
        .route("/api/client/{*rest}", any(unknown_path));
    Served::new(known)
}

#[test]
fn sec_60_ambiguous_framing_is_refused_and_the_connection_closed() {
    let server = served();
    let head = "PUT /api/client/account/email HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    for framing in [
        "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        "Content-Length: +2\r\n\r\n{}",
        "Content-Length: -2\r\n\r\n{}",
        "Content-Length: 2 2\r\n\r\n{}",
        "Content-Length: 0x2\r\n\r\n{}",
        "Transfer-Encoding: gzip\r\n\r\n{}",
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
        "Transfer-Encoding: chunked, identity\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "X: a\r\n\u{1}bad: b\r\nContent-Length: 2\r\n\r\n{}",
        "No-Colon\r\nContent-Length: 2\r\n\r\n{}",
        "X : a\r\nContent-Length: 2\r\n\r\n{}",
    ] {
        let mut connection = Connection::open(server.address);
        connection.send(format!("{head}{framing}").as_bytes());
        let answer = connection.answer(false);
        let status = answer.as_ref().map(|answer| answer.status);
        assert!(
            status.is_none_or(|status| (400..500).contains(&status) || status == 501),
            "{framing:?}: {answer:?}"
        );
        assert!(connection.closes(), "{framing:?}");
    }
}

#[test]
fn sec_60_a_second_request_cannot_hide_behind_two_framings() {
    let server = served();
    let mut connection = Connection::open(server.address);
    connection.send(
        concat!(
            "PUT /api/client/account/email HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n",
            "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
            "0\r\n\r\nGET /api/client/hidden HTTP/1.1\r\nHost: x\r\n\r\n"
        )
        .as_bytes(),
    );
    let first = connection.answer(false);
    assert!(first.is_none_or(|answer| answer.status != 200));
    assert!(connection.closes());
}

#[test]
fn sec_59_a_body_that_is_too_large_is_answered_while_it_is_being_sent() {
    let server = served();
    let ask = Ask::new("PUT", "/api/client/account/email").header("Content-Type", "application/json");
    for size in [MAX_BODY + 1, 1 << 20, 16 << 20] {
        let answer = ask.clone().body(vec![b' '; size]).send(server.address);
        assert_eq!((answer.status, answer.code()), (413, "PostTooLargeException".into()), "{size}");
    }
    let chunk = format!("{:x}\r\n{}\r\n", 1 << 16, " ".repeat(1 << 16));
    let chunked = format!("{}0\r\n\r\n", chunk.repeat(40));
    let answer = ask.header("Transfer-Encoding", "chunked").body(chunked).send(server.address);
    assert_eq!((answer.status, answer.code()), (413, "PostTooLargeException".into()));
}

#[test]
fn f_33_refusals_are_json_whatever_the_client_accepts() {
    let server = served();
    for accept in ["text/html", "*/*", "application/vnd.pterodactyl.v1+json", "image/png, */*;q=0.1"] {
        let answer = Ask::new("GET", "/api/client/nope").header("Accept", accept).send(server.address);
        assert_eq!((answer.status, answer.code()), (404, "NotFoundHttpException".into()));
        let answer = Ask::new("DELETE", "/api/client/account").header("Accept", accept).send(server.address);
        assert_eq!((answer.status, answer.code()), (405, "MethodNotAllowedHttpException".into()));
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
}

#[test]
fn sec_61_no_method_is_overridden() {
    let server = served();
    let ask = Ask::new("POST", "/api/client/account/email?_method=PUT")
        .header("X-HTTP-Method-Override", "PUT")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("_method=PUT");
    assert_eq!(ask.send(server.address).status, 405);
}

#[test]
fn a_204_has_neither_body_nor_type() {
    let server = served();
    let ask =
        Ask::new("PUT", "/api/client/account/email").header("Content-Type", "application/json").body("{}");
    let answer = ask.send(server.address);
    assert_eq!((answer.status, answer.header("content-type"), answer.body.len()), (204, None, 0));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}
