//! A question that a program cannot answer, in front of signing in and of asking for a reset (contract 8,
//! F-34). There is none by default; whoever wants one asks a service of theirs here.

use std::fmt;
use std::net::IpAddr;

use async_trait::async_trait;

/// The field that browsers' widgets send.
pub(crate) const FIELD: &str = "g-recaptcha-response";

/// Whether somebody who is nobody yet is a person.
///
/// ```
/// use account_axum::{Captcha, Options};
/// use std::net::IpAddr;
/// use std::sync::Arc;
///
/// #[derive(Debug)]
/// struct OneWord;
///
/// #[async_trait::async_trait]
/// impl Captcha for OneWord {
///     async fn is_passed(&self, response: Option<&str>, _client: Option<IpAddr>) -> bool {
///         response == Some("tree")
///     }
/// }
/// let options = Options { captcha: Some(Arc::new(OneWord)), ..Options::default() };
/// # assert!(options.captcha.is_some());
/// ```
#[async_trait]
pub trait Captcha: fmt::Debug + Send + Sync {
    /// Judges what the client sent in `g-recaptcha-response`; `None` if nothing. Asked before anything else
    /// of the request is looked at. What a service that cannot be reached means is decided here too.
    async fn is_passed(&self, response: Option<&str>, client: Option<IpAddr>) -> bool;
}
