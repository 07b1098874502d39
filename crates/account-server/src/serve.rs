//! The `serve` command, and the part of `try` that serves: router, background tasks, the listening socket,
//! and the order in which they end. What a request is answered is the adapter's.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::sync::Arc;

use account_axum::unknown_route::unknown_path;
use account_axum::{Options, SessionCookie, TrustedProxies, auth_router, upkeep};
use account_core::Accounts;
use account_core::ports::mailer::Mailer;
use async_trait::async_trait;
use axum::Router;
use tokio::net::TcpSocket;

use crate::failure::Failure;
use crate::serving::{self, AuthThread, Readiness, ServingLimits, Stopping};
use crate::settings::{PublicUrl, Settings};
use crate::{assembling, mailing, open_files, opening};

/// Connections that the system keeps for us until we come to take them. It cuts the number down to its own
/// bound (`net.core.somaxconn`). With the 128 of the standard library a burst of clients overflows the
/// queue, and then the system drops connections that their clients believe to be open.
const BACKLOG: u32 = 4096;

/// Takes the address, so that a taken one is found out before anything else is done. Within a runtime.
///
/// # Errors
/// One line.
pub(crate) fn listen(settings: &Settings) -> Result<TcpListener, Failure> {
    bind(settings.listen)
        .map_err(|error| Failure::refused(format!("cannot listen on {}: {error}", settings.listen)))
}

fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A restart does not wait for the connections of the program before.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)?.into_std()
}

/// Opens the database and serves until told to stop.
///
/// # Errors
/// One line, if it cannot start.
pub(crate) async fn serve(mut settings: Settings) -> Result<(), Failure> {
    let stopping = serving::on_signals().map_err(|error| Failure::refused(format!("signals: {error}")))?;
    let listener = listen(&settings)?;
    settings.listen = address(&listener)?;
    let accounts = assembling::accounts(&settings, opening::open(&settings).await?).await?;
    run(&settings, listener, accounts, stopping).await
}

/// The address that a listener really has: port 0 lets the system choose one.
///
/// # Errors
/// One line.
pub(crate) fn address(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener.local_addr().map_err(|error| Failure::refused(format!("the listening socket: {error}")))
}

/// Serves `accounts` until told to stop, and then ends in order: requests, tasks, the database.
///
/// # Errors
/// One line, if it cannot start.
pub(crate) async fn run(
    settings: &Settings,
    listener: TcpListener,
    accounts: Accounts,
    stopping: Stopping,
) -> Result<(), Failure> {
    let mailer = settings.mail.as_ref().map(mailing::mailer).transpose()?;
    let auth_thread = auth_thread(settings)?;
    let router = router(settings, &accounts, auth_thread.as_ref(), &stopping)?;
    let limits = ServingLimits {
        connections: open_files::make_room(settings.max_connections),
        ..ServingLimits::default()
    };
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|error| Failure::refused(format!("the listening socket: {error}")))?;
    say_hello(settings, mailer.as_ref());
    let upkeep = upkeep(accounts, mailer);
    let tls = settings.public_url.as_ref().is_some_and(PublicUrl::is_tls);
    serving::serve(listener, router, limits, tls, stopping).await;
    if let Some(auth_thread) = auth_thread {
        auth_thread.stop().await;
    }
    upkeep.stop().await;
    tracing::info!("stopped");
    Ok(())
}

/// On PostgreSQL a request holds one of few connections while it runs, and one that gives way would hold it for
/// longer. Elsewhere than on Linux no single thread can give way.
fn auth_thread(settings: &Settings) -> Result<Option<AuthThread>, Failure> {
    if settings.database.sqlite_path().is_none() || !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let started = AuthThread::start();
    started.map(Some).map_err(|error| Failure::refused(format!("a thread cannot be started: {error}")))
}

fn say_hello(settings: &Settings, mailer: Option<&Arc<dyn Mailer>>) {
    if !settings.limits {
        tracing::warn!(
            "LIMITS ARE OFF: anybody may guess passwords as fast as they like; for load tests alone"
        );
    }
    if settings.insecure_http_cookies {
        tracing::warn!(
            "session cookies go over plain HTTP: whoever sees the traffic can take a session over"
        );
    }
    if settings.public_url.is_none() && !settings.listen.ip().is_loopback() {
        tracing::warn!(
            "ACCOUNT_PUBLIC_URL is not set: browsers cannot sign in, since their origin is not known"
        );
    }
    tracing::info!(
        address = %settings.listen,
        database = %settings.database,
        mail = mailer.is_some(),
        "listening on http://{}",
        settings.listen
    );
}

struct StoreIsReady(Accounts);

#[async_trait]
impl Readiness for StoreIsReady {
    async fn is_ready(&self) -> bool {
        self.0.ready().await.inspect_err(|error| tracing::warn!(%error, "not ready")).is_ok()
    }
}

/// All that is served: the API, signing in, health, and a JSON 404 for everything else.
fn router(
    settings: &Settings,
    accounts: &Accounts,
    auth_thread: Option<&AuthThread>,
    stopping: &Stopping,
) -> Result<Router, Failure> {
    let options = options(settings)?;
    let health = serving::health_routes(Arc::new(StoreIsReady(accounts.clone())), stopping.clone());
    let signing_in = auth_router(accounts.clone(), options.clone());
    let signing_in = match auth_thread {
        Some(thread) => thread.carry(signing_in),
        None => signing_in,
    };
    Ok(account_axum::router(accounts.clone(), options).merge(signing_in).merge(health).fallback(unknown_path))
}

fn options(settings: &Settings) -> Result<Options, Failure> {
    let proxies = settings.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let trusted_proxies = TrustedProxies::parse(&proxies)
        .map_err(|error| Failure::refused(format!("ACCOUNT_TRUSTED_PROXIES: {error}")))?;
    Ok(Options {
        requests_per_minute: settings.limits.then(|| NonZeroU32::new(settings.api_limit)).flatten(),
        trusted_proxies,
        // Nobody comes to 0.0.0.0.
        public_url: (settings.public_url.is_some() || !settings.listen.ip().is_unspecified())
            .then(|| assembling::public_origin(settings)),
        browser_origins: local_names(settings),
        session_cookie: session_cookie(settings),
        ..Options::default()
    })
}

/// The names under which this machine's browsers find a loopback address that is listened on: its own and
/// `localhost`. The other loopback addresses are not ours, whoever listens there. What a browser says in
/// `Sec-Fetch-Site` still comes first: a page of one name that asks the other is another site.
fn local_names(settings: &Settings) -> Vec<String> {
    let public_is_local = settings.public_url.as_ref().is_none_or(PublicUrl::is_loopback);
    if !settings.listen.ip().is_loopback() || !public_is_local {
        return Vec::new();
    }
    vec![format!("http://{}", settings.listen), format!("http://localhost:{}", settings.listen.port())]
}

/// Over plain HTTP a browser keeps no `Secure` cookie; beyond loopback that must be asked for (SEC-75).
fn session_cookie(settings: &Settings) -> SessionCookie {
    let plain = match &settings.public_url {
        Some(url) => !url.is_tls() && url.is_loopback(),
        None => settings.listen.ip().is_loopback(),
    };
    if plain || settings.insecure_http_cookies { SessionCookie::PlainHttp } else { SessionCookie::Secure }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookie(pairs: &[(&str, &str)]) -> SessionCookie {
        let environment = pairs.iter().map(|(name, value)| (name.into(), value.into()));
        session_cookie(&Settings::gather(None, &[], environment).unwrap())
    }

    fn origins(pairs: &[(&str, &str)]) -> Vec<String> {
        let environment = pairs.iter().map(|(name, value)| (name.into(), value.into()));
        local_names(&Settings::gather(None, &[], environment).unwrap())
    }

    #[test]
    fn sec_46_a_loopback_address_has_two_names_and_no_other_address_has_any() {
        let both = ["http://127.0.0.1:8080", "http://localhost:8080"];
        assert_eq!(origins(&[]), both);
        assert_eq!(origins(&[("ACCOUNT_PUBLIC_URL", "http://localhost:8080")]), both);
        assert_eq!(origins(&[("ACCOUNT_PUBLIC_URL", "http://127.0.0.1:5173")]), both);
        assert_eq!(origins(&[("ACCOUNT_LISTEN", "[::1]:80")]), ["http://[::1]:80", "http://localhost:80"]);
        for beyond in [("ACCOUNT_LISTEN", "0.0.0.0:80"), ("ACCOUNT_PUBLIC_URL", "https://a.example")] {
            assert_eq!(origins(&[beyond]), Vec::<String>::new(), "{beyond:?}");
        }
    }

    #[tokio::test]
    async fn a_burst_of_connections_finds_room_before_any_is_taken() {
        let listener = bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = listener.local_addr().unwrap();
        let open = || std::net::TcpStream::connect_timeout(&address, std::time::Duration::from_millis(900));
        let burst: Vec<_> = (0..400).map(|_| open()).collect();
        let refused = burst.iter().filter(|one| one.is_err()).count();
        assert_eq!(refused, 0, "of {}", burst.len());
        assert!(bind(address).is_err(), "an address that is taken is found out");
    }

    #[test]
    fn sec_75_the_cookie_is_secure_beyond_loopback_unless_an_operator_insists() {
        assert_eq!(cookie(&[]), SessionCookie::PlainHttp);
        assert_eq!(cookie(&[("ACCOUNT_LISTEN", "0.0.0.0:80")]), SessionCookie::Secure);
        assert_eq!(cookie(&[("ACCOUNT_PUBLIC_URL", "https://a.example")]), SessionCookie::Secure);
        assert_eq!(cookie(&[("ACCOUNT_PUBLIC_URL", "http://localhost:8080")]), SessionCookie::PlainHttp);
        let insists = ("ACCOUNT_INSECURE_HTTP_COOKIES", "on");
        assert_eq!(cookie(&[("ACCOUNT_LISTEN", "0.0.0.0:80"), insists]), SessionCookie::PlainHttp);
    }
}
