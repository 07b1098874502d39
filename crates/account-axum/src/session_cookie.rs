//! The session cookie: found in a request, set and cleared in an answer (contract 1.5, SEC-42).
//!
//! It holds the session's token and nothing else. Whether the token stands is the core's question.

use std::time::Duration;

use account_core::session::SessionToken;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use zeroize::Zeroizing;

use crate::options::SessionCookie;

impl SessionCookie {
    /// The cookie's name. `__Host-` makes browsers refuse it from a subdomain, with a `Domain`, or
    /// without `Secure` (RFC 6265bis section 4.1.3.2).
    pub const fn name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-account_session",
            Self::PlainHttp => "account_session",
        }
    }

    /// The token that a request brings. Of two cookies with the name, neither counts: one of them
    /// was planted.
    pub(crate) fn of(self, headers: &HeaderMap) -> Option<&str> {
        let mut values = headers
            .get_all(COOKIE)
            .iter()
            // Other cookies of the site may hold any bytes.
            .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
            .filter_map(|pair| pair.trim_ascii().strip_prefix(self.name().as_bytes())?.strip_prefix(b"="));
        match (values.next(), values.next()) {
            (Some(value), None) => std::str::from_utf8(value).ok(),
            _ => None,
        }
    }

    /// Whether a request brings the cookie at all, usable or not.
    pub(crate) fn is_in(self, headers: &HeaderMap) -> bool {
        let name = self.name().as_bytes();
        let names = |line: &HeaderValue| line.as_bytes().windows(name.len()).any(|part| part == name);
        headers.get_all(COOKIE).iter().any(names)
    }

    /// Lets the browser keep `token`, for `lifetime` at the most; when it is over is the server's to say.
    pub(crate) fn set(self, headers: &mut HeaderMap, token: &SessionToken, lifetime: Duration) {
        self.write(headers, token.expose(), lifetime.as_secs());
    }

    /// Lets the browser forget it.
    pub(crate) fn clear(self, headers: &mut HeaderMap) {
        self.write(headers, "", 0);
    }

    fn write(self, headers: &mut HeaderMap, token: &str, max_age: u64) {
        let secure = match self {
            Self::Secure => "; Secure",
            Self::PlainHttp => "",
        };
        let text = Zeroizing::new(format!(
            "{name}={token}; Path=/; Max-Age={max_age}{secure}; HttpOnly; SameSite=Lax",
            name = self.name(),
        ));
        // A token is of the URL-safe base64 alphabet, so this is a header's value.
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            headers.append(SET_COOKIE, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use account_core::ports::entropy::OsEntropy;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (COOKIE, HeaderValue::from_str(line).unwrap())).collect()
    }

    #[test]
    fn the_token_is_found_among_other_cookies_and_over_several_lines() {
        let secure = SessionCookie::Secure;
        for lines in [
            &["__Host-account_session=t"][..],
            &["a=b; __Host-account_session=t; c=d"],
            &["a=b;__Host-account_session=t"],
            &["a=b", "__Host-account_session=t"],
        ] {
            assert_eq!(secure.of(&headers(lines)), Some("t"), "{lines:?}");
        }
    }

    #[test]
    fn what_other_cookies_hold_shuts_nobody_out() {
        for other in [&b"\xe9"[..], "é".as_bytes(), b"\xff\xfe"] {
            let line = [b"other=", other, b"; __Host-account_session=t; last=", other].concat();
            let headers: HeaderMap =
                [(COOKIE, HeaderValue::from_bytes(&line).unwrap())].into_iter().collect();
            assert_eq!(SessionCookie::Secure.of(&headers), Some("t"), "{other:?}");
        }
    }

    #[test]
    fn sec_42_only_the_one_name_counts_and_two_of_it_are_none() {
        let secure = SessionCookie::Secure;
        for lines in [
            &[][..],
            &["account_session=t"],
            &["__host-account_session=t"],
            &["x__Host-account_session=t"],
            &["__Host-account_session=t; __Host-account_session=u"],
            &["__Host-account_session=t", "__Host-account_session=t"],
            &["__Host-account_session"],
        ] {
            assert_eq!(secure.of(&headers(lines)), None, "{lines:?}");
        }
        assert_eq!(SessionCookie::PlainHttp.of(&headers(&["__Host-account_session=t"])), None);
        assert!(secure.is_in(&headers(&["__Host-account_session=t; __Host-account_session=u"])));
        assert!(!secure.is_in(&headers(&["other=1"])));
    }

    #[test]
    fn sec_42_the_cookie_is_for_this_host_over_tls_and_out_of_reach_of_scripts() {
        let token = SessionToken::generate(&OsEntropy).unwrap();
        let mut headers = HeaderMap::new();
        SessionCookie::Secure.set(&mut headers, &token, Duration::from_secs(60));
        let expected = format!(
            "__Host-account_session={}; Path=/; Max-Age=60; Secure; HttpOnly; SameSite=Lax",
            token.expose()
        );
        assert_eq!(headers[SET_COOKIE], expected);
        assert!(headers[SET_COOKIE].is_sensitive());
        let mut headers = HeaderMap::new();
        SessionCookie::PlainHttp.clear(&mut headers);
        assert_eq!(headers[SET_COOKIE], "account_session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
    }
}
