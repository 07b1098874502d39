//! What an embedder may decide about this edge, as plain data. What the services do is
//! [`Policy`](account_core::policy::Policy)'s; nothing here acts.

use std::num::NonZeroU32;
use std::sync::Arc;

use crate::captcha::Captcha;
use crate::client_ip::TrustedProxies;

/// Everything that can be set. Start from [`Options::default`].
///
/// ```
/// use account_axum::{Options, SshPublicKeyFormat};
/// let options = Options { ssh_public_key_format: SshPublicKeyFormat::Pkcs8, ..Options::default() };
/// assert_eq!(options.requests_per_minute.map(|limit| limit.get()), Some(256));
/// ```
#[derive(Debug, Clone)]
pub struct Options {
    /// What `image_url_data` holds (contract 4.1).
    pub two_factor_image: TwoFactorImage,
    /// How `public_key` is written in answers (contract 6).
    pub ssh_public_key_format: SshPublicKeyFormat,
    /// Requests a minute for one account, counted in this process (contract 1.6); `None` for no limit.
    pub requests_per_minute: Option<NonZeroU32>,
    /// Whose `X-Forwarded-For` is believed; nobody's by default (SEC-36).
    pub trusted_proxies: TrustedProxies,
    /// Where clients reach this server, such as `https://account.example`. It stands in front of the
    /// links of a page, which are relative without it, and browsers from there may sign in. A path in
    /// it is the one that a proxy takes away; a prefix that the router is nested under is known anyway.
    pub public_url: Option<String>,
    /// More addresses that browsers come from, such as `http://127.0.0.1:8080`. An `Origin` counts
    /// only if it is here or in [`public_url`](Self::public_url); `Host` is never asked.
    pub browser_origins: Vec<String>,
    /// How the session cookie is set and read (SEC-42).
    pub session_cookie: SessionCookie,
    /// What a client must pass before it signs in or asks for a reset (contract 8).
    pub captcha: Option<Arc<dyn Captcha>>,
    /// Whether `GET /api/client`, and the JSON 404 for every unknown path below it, are answered
    /// here. `false` for an embedder who has other routes there.
    pub owns_client_area: bool,
}

/// What `image_url_data` holds (contract 4.1 and 12, D1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TwoFactorImage {
    /// A QR code as a `data:image/png;base64,…` URI.
    #[default]
    Png,
    /// The `otpauth://` URI, for clients that draw the code themselves.
    OtpauthUri,
}

/// How a public key is written in answers (contract 6 and 12, D3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SshPublicKeyFormat {
    /// The OpenSSH line, without its comment.
    #[default]
    Openssh,
    /// PKCS#8 PEM where the key has such a form; else the OpenSSH line.
    Pkcs8,
}

/// How the session cookie is set and read (SEC-42).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SessionCookie {
    /// `__Host-account_session`, `Secure`: browsers send it over TLS alone, and to loopback.
    #[default]
    Secure,
    /// `account_session`, not `Secure`: for plain HTTP on loopback, or where an operator accepts that
    /// whoever sees the traffic can take a session over.
    PlainHttp,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            two_factor_image: TwoFactorImage::default(),
            ssh_public_key_format: SshPublicKeyFormat::default(),
            requests_per_minute: NonZeroU32::new(256),
            trusted_proxies: TrustedProxies::none(),
            public_url: None,
            browser_origins: Vec::new(),
            session_cookie: SessionCookie::default(),
            captcha: None,
            owns_client_area: true,
        }
    }
}
