//! Sessions: opened, found, listed and ended. The token is random and stored as its digest; a
//! session counts only while the account's password epoch is the one it was opened under.
//!
//! Cookies are not this module's affair, and neither is who may open one: see sign-in.

pub(crate) mod rules;
mod service;
mod stored;
mod token;
mod user_agent;

pub use rules::Client;
pub(crate) use rules::{Bound, Opening, is_live};
pub use service::{OpenedSession, Session, Sessions};
pub use stored::StoredSession;
pub use token::SessionToken;
pub use user_agent::UserAgent;
