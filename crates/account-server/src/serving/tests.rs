//! The loop over real sockets, with short patience: what a slow, rude or unlucky client gets.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};

use super::stopping::{StopSwitch, stop_switch};
use super::*;

struct Up;
#[async_trait]
impl Readiness for Up {
    async fn is_ready(&self) -> bool {
        true
    }
}

struct Server {
    address: SocketAddr,
    switch: StopSwitch,
    ended: JoinHandle<()>,
}

async fn ill() -> String {
    assert!(RequestId::present().is_none(), "geheim");
    String::new()
}

async fn start(limits: ServingLimits) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    start_on(listener, limits, stop_switch())
}

fn start_on(
    listener: TcpListener,
    limits: ServingLimits,
    (switch, stopping): (StopSwitch, Stopping),
) -> Server {
    let router = Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: Bytes| body))
        .route("/nap", get(async || tokio::time::sleep(Duration::from_millis(300)).await))
        .route("/never", get(async || std::future::pending::<()>().await))
        .route("/ill", get(ill))
        .merge(health_routes(Arc::new(Up), stopping.clone()));
    let address = listener.local_addr().unwrap();
    let ended = tokio::spawn(serve(listener, router, limits, false, stopping));
    Server { address, switch, ended }
}

fn short() -> ServingLimits {
    ServingLimits {
        head: Duration::from_millis(200),
        body: Duration::from_millis(400),
        idle: Duration::from_millis(700),
        write: Duration::from_millis(300),
        answer: Duration::from_millis(500),
        drain: Duration::from_millis(900),
        farewell: Duration::from_millis(100),
        connections: 64,
    }
}

/// Sends `text` and reads until the server closes, or for two seconds.
async fn say(address: SocketAddr, text: &str) -> (String, bool) {
    let text = text.to_owned();
    spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.write_all(text.as_bytes()).unwrap();
        listen(&mut socket)
    })
    .await
    .unwrap()
}

fn listen(socket: &mut TcpStream) -> (String, bool) {
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let mut answer = Vec::new();
    let closed = socket.read_to_end(&mut answer).is_ok();
    (String::from_utf8_lossy(&answer).into_owned(), closed)
}

fn get_of(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_11_half_a_head_and_an_idle_connection_are_closed() {
    let server = start(short()).await;
    let (answer, closed) = say(server.address, "GET / HTTP/1.1\r\nHost:").await;
    assert!(closed && answer.is_empty(), "{answer}");
    let (answer, closed) = say(server.address, "").await;
    assert!(closed && answer.is_empty());
    let (answer, closed) = say(server.address, &get_of("/")).await;
    assert!(closed && answer.ends_with("hello"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_11_a_connection_that_asks_on_and_on_is_never_closed() {
    let limits = ServingLimits { head: Duration::from_millis(5), ..short() };
    let address = start(limits).await.address;
    let clients = (0..4).map(|_| {
        spawn_blocking(move || {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            let (request, begun) = (get_of("/"), Instant::now());
            let mut answers = 0;
            while begun.elapsed() < Duration::from_secs(1) {
                socket.write_all(request.as_bytes()).unwrap();
                let mut answer = Vec::new();
                while !answer.ends_with(b"hello") {
                    let mut piece = [0; 512];
                    let length = socket.read(&mut piece).unwrap();
                    assert!(length > 0, "closed after {answers} answers");
                    answer.extend_from_slice(&piece[..length]);
                }
                answers += 1;
            }
        })
    });
    for client in clients.collect::<Vec<_>>() {
        client.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_11_a_head_that_drips_is_closed_in_time() {
    let server = start(short()).await;
    let address = server.address;
    let took = spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut drops = 0;
        while drops < 100 && socket.write_all(b"G").is_ok() {
            drops += 1;
            if matches!(socket.read(&mut [0; 1]), Ok(0)) {
                break;
            }
        }
        drops
    })
    .await
    .unwrap();
    assert!(took < 60, "{took}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_may_ask_again_within_its_time() {
    let server = start(short()).await;
    let address = server.address;
    let answers = spawn_blocking(move || {
        let mut socket = TcpStream::connect(address).unwrap();
        let pause = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for _ in 0..4 {
            socket.write_all(get_of("/").as_bytes()).unwrap();
            pause.block_on(tokio::time::sleep(Duration::from_millis(400)));
        }
        listen(&mut socket).0.matches("hello").count()
    });
    assert_eq!(answers.await.unwrap(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_11_a_body_that_does_not_come_is_408_and_a_late_answer_is_503() {
    let server = start(short()).await;
    let (answer, closed) =
        say(server.address, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf").await;
    assert!(closed && answer.starts_with("HTTP/1.1 408") && answer.contains("RequestTimeout"), "{answer}");
    let (answer, _) = say(server.address, &get_of("/never")).await;
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    assert!(answer.to_lowercase().contains("retry-after: 1") && answer.contains("\"errors\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_63_a_panic_is_500_without_its_words_and_the_connection_goes_on() {
    let server = start(short()).await;
    let (answer, _) = say(server.address, &(get_of("/ill") + &get_of("/"))).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("InternalServerError") && !answer.contains("geheim"), "{answer}");
    assert!(answer.contains("x-request-id: ") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_61_trace_is_405_in_json_and_echoes_nothing() {
    let server = start(short()).await;
    let (answer, _) =
        say(server.address, "TRACE /health/live HTTP/1.1\r\nHost: a\r\nX-Mine: geheim\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 405") && answer.contains("\"errors\"") && !answer.contains("geheim"),
        "{answer}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_60_an_ambiguous_request_behind_another_is_refused_and_closed() {
    let server = start(short()).await;
    for lengths in
        ["Content-Length: 2\r\nTransfer-Encoding: chunked", "Content-Length: 2\r\nContent-Length: 2"]
    {
        for before in [get_of("/"), "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".into()] {
            let request = format!("{before}POST /echo HTTP/1.1\r\nHost: a\r\n{lengths}\r\n\r\n{{}}");
            let (answer, closed) = say(server.address, &request).await;
            assert!(closed && answer.starts_with("HTTP/1.1 200"), "{lengths}: {answer}");
            assert!(
                answer.contains("HTTP/1.1 400 ") && answer.contains("more than one way"),
                "{lengths}: {answer}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_59_a_path_over_8_kib_is_414_and_not_echoed() {
    let server = start(short()).await;
    let (answer, _) = say(server.address, &get_of(&format!("/{}", "a".repeat(8 * 1024)))).await;
    assert!(answer.starts_with("HTTP/1.1 414") && answer.contains("\"errors\""), "{answer}");
    assert!(!answer.contains("aaaa"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_60_a_doubtful_coding_and_a_doubtful_host_are_refused_and_closed() {
    let server = start(short()).await;
    for head in [
        "Host: a\r\nTransfer-Encoding: gzip, chunked",
        "Host: a\r\nTransfer-Encoding: chunked, chunked",
        "X-Host: a\r\nContent-Length: 0",
        "Host: a\r\nHost: b\r\nContent-Length: 0",
    ] {
        let request = format!("POST /echo HTTP/1.1\r\n{head}\r\n\r\n");
        let (answer, closed) = say(server.address, &request).await;
        assert!(closed && answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
        assert!(answer.contains("connection: close"), "{head}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_60_ambiguous_framing_is_refused_and_closed() {
    let server = start(short()).await;
    for headers in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 4",
        "Content-Length: 4\r\nContent-Length: 5",
        "Content-Length: 4, 5",
        "Content-Length: +4",
        "Content-Length: -4",
        "Content-Length: 0x4",
        "Content-Length : 4",
        "Content-Length: 18446744073709551617",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        " Content-Length: 4",
    ] {
        let text = format!("POST /echo HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n0\r\n\r\n{}", get_of("/"));
        let (answer, closed) = say(server.address, &text).await;
        assert!(closed && answer.starts_with("HTTP/1.1 4"), "{headers}: {answer}");
        assert!(!answer.contains("hello"), "{headers}: {answer}");
    }
    let bad_chunk = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc";
    let (answer, closed) = say(server.address, bad_chunk).await;
    assert!(closed && answer.starts_with("HTTP/1.1 4"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chunked_body_is_taken_and_ends_the_connection() {
    let server = start(short()).await;
    let text = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n";
    let (answer, closed) = say(server.address, &(text.to_owned() + &get_of("/"))).await;
    assert!(closed && answer.starts_with("HTTP/1.1 200") && answer.ends_with("abcd"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_59_too_many_or_too_long_headers_are_431() {
    let server = start(short()).await;
    let many: String = (0..101).map(|n| format!("X-{n}: 1\r\n")).collect();
    let long = format!("X: {}\r\n", "a".repeat(40 * 1024));
    for headers in [many, long] {
        let (answer, closed) = say(server.address, &format!("GET / HTTP/1.1\r\n{headers}\r\n")).await;
        assert!(closed && answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_11_beyond_the_bound_a_connection_waits_for_a_place() {
    let server = start(ServingLimits { connections: 1, ..short() }).await;
    let address = server.address;
    let holder = spawn_blocking(move || TcpStream::connect(address).unwrap()).await.unwrap();
    let (answer, _) = say(address, &get_of("/")).await;
    assert!(answer.ends_with("hello"), "the holder is idle too long and makes room: {answer}");
    drop(holder);
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_10_a_stop_finishes_what_runs_and_refuses_what_is_new() {
    let server = start(short()).await;
    let address = server.address;
    let (ready, _) = say(address, "GET /health/ready HTTP/1.0\r\n\r\n").await;
    assert!(ready.starts_with("HTTP/1.0 200") && ready.ends_with("{\"status\":\"ready\"}"), "{ready}");
    let running = tokio::spawn(async move { say(address, &get_of("/nap")).await });
    let waiting = tokio::spawn(async move {
        spawn_blocking(move || {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(get_of("/nap").as_bytes()).unwrap();
            let mut first = [0; 512];
            let _ = socket.read(&mut first).unwrap();
            socket.write_all(get_of("/health/ready").as_bytes()).unwrap();
            listen(&mut socket)
        })
        .await
        .unwrap()
    });
    tokio::time::sleep(Duration::from_millis(280)).await;
    server.switch.stop();
    let (answer, closed) = running.await.unwrap();
    assert!(closed && answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close"), "{answer}");
    let _ = waiting.await.unwrap();
    server.ended.await.unwrap();
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_10_a_request_on_its_way_at_the_stop_is_answered_and_told_not_ready() {
    let server = start(short()).await;
    let address = server.address;
    let mut socket = spawn_blocking(move || TcpStream::connect(address).unwrap()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.switch.stop();
    let (answer, closed) = spawn_blocking(move || {
        socket.write_all(get_of("/health/ready").as_bytes()).unwrap();
        listen(&mut socket)
    })
    .await
    .unwrap();
    assert!(closed && answer.starts_with("HTTP/1.1 503") && answer.contains("not ready"), "{answer}");
    server.ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_10_all_that_waits_in_the_systems_queue_at_the_stop_is_answered() {
    const WAITING: usize = 300;
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1024).unwrap();
    let address = listener.local_addr().unwrap();
    let waiting = spawn_blocking(move || {
        let ask = || {
            let mut socket = TcpStream::connect(address).unwrap();
            socket.write_all(get_of("/").as_bytes()).unwrap();
            socket
        };
        (0..WAITING).map(|_| ask()).collect::<Vec<_>>()
    });
    let waiting = waiting.await.unwrap();
    // Fewer places than connections, and the stop before the first was taken.
    let (switch, stopping) = stop_switch();
    switch.stop();
    let limits = ServingLimits { connections: 200, drain: Duration::from_secs(20), ..short() };
    let server = start_on(listener, limits, (switch, stopping));
    let answered = spawn_blocking(move || {
        waiting
            .into_iter()
            .map(|mut socket| listen(&mut socket).0)
            .filter(|one| one.ends_with("hello"))
            .count()
    });
    assert_eq!(answered.await.unwrap(), WAITING);
    server.ended.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_10_a_request_that_never_ends_does_not_hold_the_stop_for_ever() {
    let server = start(ServingLimits { answer: Duration::from_secs(60), ..short() }).await;
    let address = server.address;
    let stuck = tokio::spawn(async move { say(address, &get_of("/never")).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.switch.stop();
    timeout(Duration::from_secs(2), server.ended).await.unwrap().unwrap();
    stuck.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn sec_61_what_the_http_parser_refuses_is_answered_like_any_refusal() {
    let server = start(short()).await;
    let many: String = (0..101).map(|number| format!("X-{number}: y\r\n")).collect();
    let long = "x".repeat(64 * 1024);
    for (request, status) in [
        ("GET /a<b HTTP/1.1\r\nHost: a\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n".to_owned(), 400),
        ("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello".to_owned(), 400),
        ("\u{1}\u{2}\u{3}\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nX: {long}\r\n\r\n"), 431),
    ] {
        let (answer, closed) = say(server.address, &request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer}"));
        let body: serde_json::Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
        assert!(closed && head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert_eq!(body["errors"][0]["status"], status.to_string(), "{body}");
        for header in [
            "content-type: application/json",
            "cache-control: no-store",
            "connection: close",
            "x-request-id: ",
        ] {
            assert!(head.contains(&format!("\r\n{header}")), "{header} in {head}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rel_11_a_client_that_is_still_sending_reads_its_refusal() {
    let server = start(short()).await;
    let body = "x".repeat(3 * 1024 * 1024);
    for path in ["/nowhere", "/"] {
        let length = body.len();
        let request = format!("POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{body}");
        let (answer, closed) = say(server.address, &request).await;
        assert!(closed && answer.starts_with("HTTP/1.1 40"), "{answer}");
    }
}
