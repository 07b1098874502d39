//! What the HTTP parser refuses by itself, it answers without a word. Such an answer gets the body and the
//! headers that every refusal has (contract 1.1, SEC-61).

use account_axum::error_body::ApiError;
use axum::body::{Body, to_bytes};
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderValue, Response, StatusCode};
use futures_util::FutureExt;

use super::answering::REQUEST_ID;

/// The parser's refusal in these first bytes of an answer; `None` for answers of our own, whose refusals all
/// have a request's number.
pub(crate) fn refusal_in(answer: &[u8]) -> Option<ApiError> {
    let status = answer.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    let status = StatusCode::from_bytes(status).ok().filter(StatusCode::is_client_error)?;
    if memchr::memmem::find(answer, REQUEST_ID.as_str().as_bytes()).is_some() {
        return None;
    }
    Some(match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => ApiError::new(
            status,
            "RequestHeaderFieldsTooLargeHttpException",
            "The head of the request is larger than the server accepts.",
        ),
        StatusCode::URI_TOO_LONG => ApiError::uri_too_long(),
        _ => ApiError::bad_request("The request is not well-formed HTTP/1.1."),
    })
}

/// An answer as it is sent.
pub(crate) fn in_bytes(answer: Response<Body>) -> Vec<u8> {
    let (mut head, body) = answer.into_parts();
    // A refusal's body is there whole.
    let body = to_bytes(body, usize::MAX).now_or_never().and_then(Result::ok).unwrap_or_default();
    head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    let mut bytes = format!("HTTP/1.1 {}\r\n", head.status).into_bytes();
    for (name, value) in &head.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend([b"\r\n", &body[..]].concat());
    bytes
}
