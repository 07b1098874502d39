//! Mail over SMTP. One attempt a call; a refusal for good is told from one for now by the server's answer.

use std::time::Duration;

use account_core::mail::Message;
use account_core::ports::mailer::{Mailer, MailerError};
use async_trait::async_trait;
use lettre::message::{Mailbox, header::ContentType};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use crate::failure::Failure;
use crate::settings::SmtpUrl;

/// Longer than a slow server needs, shorter than a worker has a mail for itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Delivers to one SMTP server.
pub(super) struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    pub(super) fn new(url: &SmtpUrl, from: &str) -> Result<Self, Failure> {
        // The library's message may repeat the URL, and with it the password.
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.reveal())
            .map_err(|_| Failure::refused(format!("ACCOUNT_MAIL_URL: {url} cannot be understood")))?;
        let from = from.parse().map_err(|_| Failure::refused("ACCOUNT_MAIL_FROM: not a mail address"))?;
        Ok(Self { transport: transport.timeout(Some(PATIENCE)).build(), from })
    }
}

/// A mail in the form that is sent. `Never` if nobody can have the address.
pub(super) fn written(from: &Mailbox, message: &Message) -> Result<lettre::Message, MailerError> {
    let to: Mailbox = message.to.parse().map_err(|error| MailerError::Never(Box::new(error)))?;
    lettre::Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&message.subject)
        .header(ContentType::TEXT_PLAIN)
        .body(message.text.clone())
        .map_err(|error| MailerError::Never(Box::new(error)))
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn deliver(&self, message: &Message) -> Result<(), MailerError> {
        match self.transport.send(written(&self.from, message)?).await {
            Ok(_) => Ok(()),
            // A password that the server refuses is permanent to the server, and an operator's mistake to us.
            Err(error) if error.is_permanent() && !is_about_us(&error) => {
                tracing::warn!(%error, "the mail server refused a mail for good");
                Err(MailerError::Never(Box::new(error)))
            }
            Err(error) => {
                tracing::warn!(%error, "a mail could not be handed on; it is tried again");
                Err(MailerError::NotNow(Box::new(error)))
            }
        }
    }
}

/// 53x: authentication and encryption, not the recipient.
fn is_about_us(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|code| code.to_string().starts_with("53"))
}
