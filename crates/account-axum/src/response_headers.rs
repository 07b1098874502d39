//! The headers that every answer of this edge carries: nothing is cached, nothing is sniffed, and
//! JSON is `application/json` (contract 1.1, SEC-62). Transport headers such as HSTS are the
//! server's affair, not this module's.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue};

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");

/// Marks an answer without a body: no `Content-Type` (contract 16).
pub(crate) fn stamp_empty(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, NO_STORE);
    headers.insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
}

/// Marks an answer with a JSON body.
pub(crate) fn stamp_json(headers: &mut HeaderMap) {
    headers.reserve(6);
    headers.insert(CONTENT_TYPE, JSON);
    stamp_empty(headers);
}
