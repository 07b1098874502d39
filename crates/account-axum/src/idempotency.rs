//! The header `Idempotency-Key`: read, and answered to.
//!
//! What a repeated request finds is the core's to decide. The header is a string of RFC 9651 section
//! 3.3.3, as draft-ietf-httpapi-idempotency-key-header has it; since most clients leave the quotes out,
//! the bare text is taken too, and means the same.

use account_core::creation::IdempotencyKey;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;

use crate::error_body::ApiError;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What a request is called, if it is called anything. 400 for what is no name: a client that thinks
/// itself safe must not be let go on unsafe.
pub(crate) fn name_of_request(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, ApiError> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let (first, second) = (given.next(), given.next());
    let Some(first) = first else { return Ok(None) };
    let text = first.to_str().ok().filter(|_| second.is_none()).and_then(|text| unquoted(text.trim()));
    match text.as_deref().and_then(IdempotencyKey::parse) {
        Some(name) => Ok(Some(name)),
        None => Err(ApiError::bad_request(
            "The Idempotency-Key header must be one string of 1 to 255 visible ASCII characters.",
        )),
    }
}

/// Tells the client that an earlier request did what this one asked for.
pub(crate) fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    response
}

/// The text of a string, or of what is none: which may not look like one, nor like several values.
fn unquoted(text: &str) -> Option<String> {
    let Some(rest) = text.strip_prefix('"') else {
        return (!text.contains(['"', '\\', ',', ';'])).then(|| text.to_owned());
    };
    let mut rest = rest.strip_suffix('"')?.chars();
    let mut plain = String::with_capacity(rest.as_str().len());
    while let Some(character) = rest.next() {
        plain.push(match character {
            '"' => return None,
            '\\' => rest.next().filter(|escaped| matches!(escaped, '"' | '\\'))?,
            other => other,
        });
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&'static str]) -> Result<Option<IdempotencyKey>, ApiError> {
        let mut headers = HeaderMap::new();
        values.iter().for_each(|value| {
            headers.append(IDEMPOTENCY_KEY, HeaderValue::from_static(value));
        });
        name_of_request(&headers)
    }

    #[test]
    fn rel_07_a_name_is_a_string_and_its_quotes_may_be_left_out() {
        assert_eq!(read(&[]).unwrap(), None);
        for (written, meant) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", "8e03978e-40d5-43dd-bc93-6894a57f9324"),
            (r#""8e03978e""#, "8e03978e"),
            (" a/b:c=\t", "a/b:c="),
            (r#""a\"b\\c""#, r#"a"b\c"#),
            (r#""a,b;c""#, "a,b;c"),
        ] {
            assert_eq!(read(&[written]).unwrap(), IdempotencyKey::parse(meant), "{written}");
        }
    }

    #[test]
    fn rel_07_what_is_no_name_is_refused_and_never_passed_over() {
        for bad in [
            &[""][..],
            &[" "],
            &[r#""""#],
            &[r#"""#],
            &["two words"],
            &[r#""two words""#],
            &[r#""open"#],
            &[r#"shut""#],
            &[r#""a"b""#],
            &[r#""a\b""#],
            &[r#""a\""#],
            &[r#""a";p=1"#],
            &["a;p=1"],
            &["a, b"],
            &["a", "a"],
        ] {
            let refused = read(bad).err();
            assert_eq!(refused.map(|error| error.status().as_u16()), Some(400), "{bad:?}");
        }
        let long: &'static str = Box::leak("x".repeat(256).into_boxed_str());
        assert!(read(&[long]).is_err());
    }
}
