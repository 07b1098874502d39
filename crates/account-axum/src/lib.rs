//! The client account API over `account-core`, as an axum router.
//!
//! This edge is thin: a handler parses a request, calls the core, and maps the answer to the wire
//! contract's JSON. It decides nothing that a second edge would have to decide too, knows no store,
//! and sets no global layer, so it can be merged into any axum server.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod auth_router;
pub mod bearer;
mod captcha;
pub mod client_ip;
mod cross_site;
mod edge;
mod endpoint;
mod endpoints;
pub mod envelope;
pub mod error_body;
pub mod fields;
mod gate;
mod idempotency;
pub mod json;
pub mod json_body;
pub mod list_query;
mod options;
mod principal;
pub mod rate_limit;
mod refusal;
pub mod response_headers;
mod router;
mod session_cookie;
pub mod unknown_route;
mod upkeep;
mod visit;

pub use auth_router::auth_router;
pub use captcha::Captcha;
pub use client_ip::{ClientIp, TrustedProxies};
pub use endpoint::{Route, Verb};
pub use gate::Gate;
pub use options::{Options, SessionCookie, SshPublicKeyFormat, TwoFactorImage};
pub use principal::Principal;
pub use router::{ROUTES, router};
pub use upkeep::{Upkeep, upkeep};
