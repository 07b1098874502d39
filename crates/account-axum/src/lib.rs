//! The client account API over `account-core`, as an axum router.
//!
//! This edge is thin: a handler parses a request, calls the core, and maps the answer to the wire
//! contract's JSON. It decides nothing that a second edge would have to decide too, knows no store,
//! and sets no global layer, so it can be merged into any axum server.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

pub mod bearer;
pub mod client_ip;
pub mod envelope;
pub mod error_body;
pub mod fields;
pub mod json;
pub mod json_body;
pub mod list_query;
pub mod rate_limit;
pub mod response_headers;
pub mod unknown_route;
