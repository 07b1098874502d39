//! The `Authorization` header, read strictly (contract 1.4, SEC-41).
//!
//! One header, the word `Bearer` in any case, one space, one token; everything else is refused.
//! Whether the token is a key of somebody is the core's question, and cookies are not read here.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;

/// What a request says about itself in `Authorization`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer<'a> {
    /// No such header. Only then may a session cookie be looked at.
    Absent,
    /// A header that is not exactly one bearer token: 401.
    Refused,
    /// The token as sent; nothing is known about it but its alphabet.
    Token(&'a str),
}

const SCHEME: &[u8] = b"Bearer ";

impl<'a> Bearer<'a> {
    /// Reads the header.
    ///
    /// ```
    /// use account_axum::bearer::Bearer;
    /// use axum::http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
    /// let mut headers = HeaderMap::new();
    /// headers.insert(AUTHORIZATION, HeaderValue::from_static("bearer ptlc_abc"));
    /// assert_eq!(Bearer::of(&headers), Bearer::Token("ptlc_abc"));
    /// headers.append(AUTHORIZATION, HeaderValue::from_static("Bearer ptlc_abc"));
    /// assert_eq!(Bearer::of(&headers), Bearer::Refused);
    /// ```
    pub fn of(headers: &'a HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        match (values.next(), values.next()) {
            (None, _) => Self::Absent,
            (Some(value), None) => token(value.as_bytes()).map_or(Self::Refused, Self::Token),
            (Some(_), Some(_)) => Self::Refused,
        }
    }
}

fn token(value: &[u8]) -> Option<&str> {
    let (scheme, token) = value.split_at_checked(SCHEME.len())?;
    if !scheme.eq_ignore_ascii_case(SCHEME) || token.is_empty() || !token.iter().all(is_token_character) {
        return None;
    }
    std::str::from_utf8(token).ok()
}

/// The alphabet of RFC 6750 section 2.1; neither space nor comma is in it.
fn is_token_character(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    fn read(values: &[&[u8]]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(AUTHORIZATION, HeaderValue::from_bytes(value).unwrap());
        }
        match Bearer::of(&headers) {
            Bearer::Absent => "absent".into(),
            Bearer::Refused => "refused".into(),
            Bearer::Token(token) => format!("token {token}"),
        }
    }

    #[test]
    fn sec_41_the_scheme_is_bearer_in_any_case_and_one_space() {
        for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
            assert_eq!(read(&[format!("{scheme} ptlc_x").as_bytes()]), "token ptlc_x");
        }
    }

    #[test]
    fn sec_41_everything_odd_is_refused() {
        for odd in [
            b"".as_slice(),
            b"Bearer",
            b"Bearer ",
            b"Bearer  ptlc_x",
            b"Bearer\tptlc_x",
            b" Bearer ptlc_x",
            b"Bearer ptlc_x ",
            b"Bearer ptlc_x,ptlc_y",
            b"Bearer ptlc_x, Bearer ptlc_y",
            b"Bearer ptlc_x;a",
            b"Bearer \"ptlc_x\"",
            b"Bearer \xc3\xa9ptlc_x",
            b"Bearer \xff\xfe",
            b"Bearerptlc_x",
            b"Token ptlc_x",
            b"Basic cHRsYzp4",
            b"ptlc_x",
            b"Bearer: ptlc_x",
        ] {
            assert_eq!(read(&[odd]), "refused", "{odd:?}");
        }
    }

    #[test]
    fn sec_41_two_headers_are_refused_even_if_equal() {
        assert_eq!(read(&[b"Bearer ptlc_x", b"Bearer ptlc_x"]), "refused");
        assert_eq!(read(&[]), "absent");
    }

    proptest! {
        #[test]
        fn no_header_value_panics_and_a_token_is_what_was_sent(
            bytes in proptest::collection::vec(32u8..=255, 0..80)
        ) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
            if let Bearer::Token(token) = Bearer::of(&headers) {
                prop_assert_eq!(&bytes[SCHEME.len()..], token.as_bytes());
            }
        }
    }
}
