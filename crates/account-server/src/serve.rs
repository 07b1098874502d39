//! The `serve` command, and the part of `try` that serves: router, background tasks, the listening socket,
//! and the order in which they end. What a request is answered is the adapter's.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::sync::Arc;

use account_axum::client_ip::TrustedProxies;
use account_axum::{Options, SessionCookie};
use account_core::Accounts;
use account_core::ports::mailer::Mailer;
use async_trait::async_trait;
use axum::Router;

use crate::failure::Failure;
use crate::serving::{self, Readiness, ServingLimits, Stopping};
use crate::settings::Settings;
use crate::{assembling, mailing, open_files, opening};

/// Takes the address, so that a taken one is found out before anything else is done.
///
/// # Errors
/// One line.
pub(crate) fn listen(settings: &Settings) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(settings.listen)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener));
    listener.map_err(|error| Failure::refused(format!("cannot listen on {}: {error}", settings.listen)))
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
    let router = router(settings, &accounts, &stopping)?;
    let limits = ServingLimits {
        connections: open_files::make_room(settings.max_connections),
        ..ServingLimits::default()
    };
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|error| Failure::refused(format!("the listening socket: {error}")))?;
    say_hello(settings, mailer.as_ref());
    let upkeep = account_axum::upkeep(accounts, mailer);
    let tls = settings.public_url.as_ref().is_some_and(crate::settings::PublicUrl::is_tls);
    serving::serve(listener, router, limits, tls, stopping).await;
    upkeep.stop().await;
    tracing::info!("stopped");
    Ok(())
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
    if !settings.listen.ip().is_loopback() && settings.public_url.is_none() {
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

/// Over plain HTTP on loopback, or by an explicit setting, the cookie goes without `Secure`.
fn session_cookie(settings: &Settings) -> SessionCookie {
    let tls = settings.public_url.as_ref().is_some_and(crate::settings::PublicUrl::is_tls);
    let plain_loopback = settings.listen.ip().is_loopback() && !tls;
    if plain_loopback || settings.insecure_http_cookies {
        SessionCookie::PlainHttp
    } else {
        SessionCookie::Secure
    }
}

fn router(settings: &Settings, accounts: &Accounts, stopping: &Stopping) -> Result<Router, Failure> {
    let proxies = settings.trusted_proxies.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    let trusted_proxies = TrustedProxies::parse(&proxies)
        .map_err(|error| Failure::refused(format!("ACCOUNT_TRUSTED_PROXIES: {error}")))?;
    let options = Options {
        requests_per_minute: settings.limits.then(|| NonZeroU32::new(settings.api_limit)).flatten(),
        trusted_proxies,
        public_url: Some(assembling::public_origin(settings)),
        session_cookie: session_cookie(settings),
        ..Options::default()
    };
    let health = serving::health_routes(Arc::new(StoreIsReady(accounts.clone())), stopping.clone());
    Ok(account_axum::router(accounts.clone(), options.clone())
        .merge(account_axum::auth_router(accounts.clone(), options))
        .merge(health)
        .fallback(account_axum::unknown_route::unknown_path))
}
