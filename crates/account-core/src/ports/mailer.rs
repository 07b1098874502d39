//! Handing a mail on. Delivery is at least once: the same mail may be handed on twice.

use async_trait::async_trait;
use thiserror::Error;

use crate::mail::Message;
use crate::store::BoxError;

/// Why a mail was not handed on.
#[derive(Debug, Error)]
pub enum MailerError {
    /// Not now: it is tried again later.
    #[error("the mail could not be handed on")]
    NotNow(#[source] BoxError),
    /// Never: nobody can have this address. It is dropped.
    #[error("the mail cannot be delivered")]
    Never(#[source] BoxError),
}

/// Hands mails on to whatever delivers them.
#[async_trait]
pub trait Mailer: Send + Sync {
    /// Hands one mail on; `Ok` once somebody else is responsible for it.
    ///
    /// # Errors
    /// [`MailerError`], by whether trying again may help.
    async fn deliver(&self, message: &Message) -> Result<(), MailerError>;
}
