//! Who may come in: an API key in `Authorization`, or else the session cookie (contract 1.4 and 1.5).
//!
//! With an `Authorization` header no cookie is read (F-42, SEC-41), and no cookie is ever set for a
//! key (F-10). What somebody who is in may do is not decided here.

use std::net::IpAddr;
use std::sync::Arc;

use account_core::Accounts;
use account_core::session::Client;
use axum::extract::FromRef;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, header::USER_AGENT};

use crate::bearer::Bearer;
use crate::client_ip::TrustedProxies;
use crate::cross_site::Origins;
use crate::error_body::ApiError;
use crate::options::{Options, SessionCookie};
use crate::refusal::{Wording, refusal};

/// All that it takes to find out who asks. Cheap to clone; the state of a router whose handlers
/// take [`Principal`](crate::Principal) or [`ClientIp`](crate::ClientIp).
#[derive(Debug, Clone)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Accounts,
    proxies: TrustedProxies,
    cookie: SessionCookie,
    origins: Origins,
}

impl FromRef<Gate> for TrustedProxies {
    fn from_ref(gate: &Gate) -> Self {
        gate.0.proxies.clone()
    }
}

impl Gate {
    /// A gate for these accounts, under the same options as their [`router`](crate::router).
    pub fn new(accounts: Accounts, options: &Options) -> Self {
        Self(Arc::new(Inner {
            accounts,
            proxies: options.trusted_proxies.clone(),
            cookie: options.session_cookie,
            origins: Origins::of(options),
        }))
    }

    /// The accounts behind it.
    pub fn accounts(&self) -> &Accounts {
        &self.0.accounts
    }

    pub(crate) fn cookie(&self) -> SessionCookie {
        self.0.cookie
    }

    /// Who asks. Asks the store once.
    pub(crate) async fn admit(&self, parts: &Parts) -> Result<account_core::Principal, ApiError> {
        match Bearer::of(&parts.headers) {
            Bearer::Token(token) => {
                let client = self.client_ip(parts);
                let found = self.accounts().authenticate_api_key(token, client).await;
                found.map_err(|error| self.refusal(error))
            }
            Bearer::Refused => Err(ApiError::unauthenticated()),
            Bearer::Absent => self.admit_session(parts).await,
        }
    }

    /// Who asks by session, whatever `Authorization` says.
    pub(crate) async fn admit_session(&self, parts: &Parts) -> Result<account_core::Principal, ApiError> {
        if !self.0.cookie.is_in(&parts.headers) {
            return Err(ApiError::unauthenticated());
        }
        if !is_safe(&parts.method) {
            self.refuse_cross_site(&parts.headers)?;
        }
        let token = self.0.cookie.of(&parts.headers).ok_or_else(ApiError::unauthenticated)?;
        let client = self.client_ip(parts);
        let found = self.accounts().authenticate_session(token, client).await;
        found.map_err(|error| self.refusal(error))
    }

    /// Refuses what another site made a browser send (SEC-46).
    pub(crate) fn refuse_cross_site(&self, headers: &HeaderMap) -> Result<(), ApiError> {
        if self.0.origins.admit(headers, self.0.cookie.is_in(headers)) {
            Ok(())
        } else {
            Err(ApiError::cross_site())
        }
    }

    /// Where a request came from, if that can be told.
    pub(crate) fn client_ip(&self, parts: &Parts) -> Option<IpAddr> {
        self.0.proxies.client_ip(&parts.extensions, &parts.headers).0
    }

    /// Where and with what somebody signs in.
    pub(crate) fn client(&self, parts: &Parts) -> Client {
        let agent = parts.headers.get(USER_AGENT);
        Client { ip: self.client_ip(parts), user_agent: agent.map(text_of) }
    }

    fn refusal(&self, error: account_core::Error) -> ApiError {
        refusal(error, Wording::Usual, self.accounts().now())
    }
}

/// Whatever bytes a header has, its owner is to see something of it.
fn text_of(value: &HeaderValue) -> String {
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_that_is_no_ascii_is_kept_with_marks_for_what_is_no_text() {
        let kept = |bytes: &[u8]| text_of(&HeaderValue::from_bytes(bytes).unwrap());
        assert_eq!(kept("B\u{fc}rowser/1".as_bytes()), "B\u{fc}rowser/1");
        assert_eq!(kept(b"B\xfcrowser/1"), "B\u{fffd}rowser/1");
    }
}
