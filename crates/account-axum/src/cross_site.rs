//! Refuses requests that another site made a browser send (contract 1.5, SEC-46).
//!
//! A browser says where a request comes from: `Sec-Fetch-Site`, or `Origin`. An `Origin` is compared
//! with the configured ones and never with `Host`. There is no token to fetch. Requests with an
//! `Authorization` header need none of this, since no browser adds one by itself.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header::ORIGIN};

use crate::options::Options;

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The origins that browsers may come from.
#[derive(Debug, Clone)]
pub(crate) struct Origins(Vec<String>);

/// What one header says about where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    Nothing,
    Ours,
    Another,
}

impl Origins {
    pub(crate) fn of(options: &Options) -> Self {
        let urls = options.public_url.iter().chain(&options.browser_origins);
        Self(urls.filter_map(|url| origin(url)).collect())
    }

    /// Whether a request that changes something may go on. `with_cookie`: it brings the session
    /// cookie, so a browser sent it, and a browser says where it comes from.
    pub(crate) fn admit(&self, headers: &HeaderMap, with_cookie: bool) -> bool {
        match (fetch_site(headers), self.origin(headers)) {
            (Says::Another, _) | (_, Says::Another) => false,
            (Says::Ours, _) | (_, Says::Ours) => true,
            (Says::Nothing, Says::Nothing) => !with_cookie,
        }
    }

    fn origin(&self, headers: &HeaderMap) -> Says {
        says(headers, ORIGIN, |value| {
            value.to_str().is_ok_and(|text| self.0.iter().any(|ours| ours.eq_ignore_ascii_case(text)))
        })
    }
}

fn fetch_site(headers: &HeaderMap) -> Says {
    says(headers, FETCH_SITE, |value| value == "same-origin")
}

fn says(headers: &HeaderMap, name: HeaderName, is_ours: impl Fn(&HeaderValue) -> bool) -> Says {
    let mut values = headers.get_all(name).iter().peekable();
    if values.peek().is_none() {
        return Says::Nothing;
    }
    if values.all(is_ours) { Says::Ours } else { Says::Another }
}

/// Scheme, host and port of a URL, as a browser writes them in `Origin`: without the scheme's own port.
fn origin(url: &str) -> Option<String> {
    let (scheme, rest) = url.trim().split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().filter(|authority| !authority.is_empty())?;
    let (scheme, mut authority) = (scheme.to_ascii_lowercase(), authority.to_ascii_lowercase());
    let own_port = if scheme == "https" { ":443" } else { ":80" };
    if let Some(without) = authority.strip_suffix(own_port) {
        authority = without.to_owned();
    }
    Some(format!("{scheme}://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(lines: &[(&str, &str)], with_cookie: bool) -> bool {
        let options = Options {
            public_url: Some("https://Account.example:443/panel/".to_owned()),
            browser_origins: vec!["http://127.0.0.1:8080".to_owned()],
            ..Options::default()
        };
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("evil.example"));
        for (name, value) in lines {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).unwrap(),
                HeaderValue::from_str(value).unwrap(),
            );
        }
        Origins::of(&options).admit(&headers, with_cookie)
    }

    #[test]
    fn sec_46_a_browser_of_our_own_origin_may_go_on() {
        for lines in [
            &[("sec-fetch-site", "same-origin")][..],
            &[("origin", "https://account.example")],
            &[("origin", "http://127.0.0.1:8080")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://account.example")],
        ] {
            assert!(admitted(lines, true) && admitted(lines, false), "{lines:?}");
        }
    }

    #[test]
    fn sec_46_everything_else_that_a_browser_says_is_refused() {
        for lines in [
            &[("sec-fetch-site", "same-site")][..],
            &[("sec-fetch-site", "cross-site")],
            &[("sec-fetch-site", "none")],
            &[("sec-fetch-site", "SAME-ORIGIN")],
            &[("sec-fetch-site", "")],
            &[("origin", "null")],
            &[("origin", "")],
            &[("origin", "https://evil.example")],
            &[("origin", "https://account.example.evil.example")],
            &[("origin", "https://account.example:8443")],
            &[("origin", "http://account.example")],
            &[("sec-fetch-site", "same-origin"), ("origin", "https://evil.example")],
            &[("sec-fetch-site", "cross-site"), ("origin", "https://account.example")],
            &[("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")],
            &[("origin", "https://account.example"), ("origin", "https://evil.example")],
        ] {
            assert!(!admitted(lines, true) && !admitted(lines, false), "{lines:?}");
        }
    }

    #[test]
    fn sec_46_a_client_that_says_nothing_may_go_on_without_a_cookie_alone() {
        assert!(admitted(&[], false));
        assert!(!admitted(&[], true));
    }

    #[test]
    fn without_a_configured_origin_no_origin_is_ours() {
        let origins = Origins::of(&Options::default());
        let headers = HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static("http://localhost"))]);
        assert!(!origins.admit(&headers, false));
    }
}
