//! Mail over SMTP. One attempt a call, over a connection of its own; whether the server refused the
//! recipient for good or something else for now is told by its answer.

use std::path::Path;
use std::time::Duration;

use account_core::mail::Message;
use account_core::ports::mailer::{Mailer, MailerError};
use async_trait::async_trait;
use lettre::message::Mailbox;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};

use super::letter::written;
use crate::failure::Failure;
use crate::settings::{SmtpSecurity, SmtpUrl};

/// Longer than a slow server needs, shorter than a worker has a mail for itself.
const PATIENCE: Duration = Duration::from_secs(30);

/// Permanent answers that are about the recipient (RFC 5321 section 4.2.3, RFC 7504): no such mailbox, not
/// here, no such name, no mail accepted there. All others, such as a refused password or sender, a full
/// disk or a server that wants no mail at all, are an operator's to mend, and the mail waits for it.
const ABOUT_THE_RECIPIENT: [&str; 4] = ["550", "551", "553", "556"];

/// Delivers to one SMTP server.
pub(super) struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpMailer {
    /// `ca`: a file with the authorities' certificates that the server's is checked against, beside the
    /// usual ones.
    pub(super) fn new(url: &SmtpUrl, from: &str, ca: Option<&Path>) -> Result<Self, Failure> {
        // The library's message may repeat the URL, and with it the password.
        let not_understood = |_| Failure::refused(format!("ACCOUNT_MAIL_URL: {url} cannot be understood"));
        let mut transport =
            AsyncSmtpTransport::<Tokio1Executor>::from_url(url.reveal()).map_err(not_understood)?;
        if let Some(file) = ca {
            transport = transport.tls(tls(url, file)?);
        }
        if url.sends_its_password_in_the_clear() {
            tracing::warn!(
                "the mail server's password goes over the network unencrypted: use smtps:// or ?tls=required"
            );
        }
        let from = from.parse().map_err(|_| Failure::refused("ACCOUNT_MAIL_FROM: not a mail address"))?;
        Ok(Self { transport: transport.timeout(Some(PATIENCE)).build(), from })
    }
}

fn tls(url: &SmtpUrl, file: &Path) -> Result<Tls, Failure> {
    let refused = |why: String| Failure::refused(format!("ACCOUNT_MAIL_CA: {}: {why}", file.display()));
    let pem = std::fs::read(file).map_err(|error| refused(error.to_string()))?;
    let mut parameters = TlsParameters::builder(url.host().to_owned());
    let mut found = false;
    for certificate in certificates(&pem) {
        let certificate = Certificate::from_pem(certificate)
            .map_err(|_| refused("not a certificate in PEM form".into()))?;
        parameters = parameters.add_root_certificate(certificate);
        found = true;
    }
    if !found {
        return Err(refused("no certificate in PEM form".into()));
    }
    let parameters = parameters.build().map_err(|error| refused(error.to_string()))?;
    match url.security() {
        SmtpSecurity::Wrapped => Ok(Tls::Wrapper(parameters)),
        SmtpSecurity::Required => Ok(Tls::Required(parameters)),
        SmtpSecurity::Opportunistic => Ok(Tls::Opportunistic(parameters)),
        SmtpSecurity::None => Err(refused("has no effect without smtps:// or ?tls=required".into())),
    }
}

/// Each certificate of a file that may hold several.
fn certificates(pem: &[u8]) -> impl Iterator<Item = &[u8]> {
    const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
    let starts: Vec<usize> = memchr::memmem::find_iter(pem, BEGIN).collect();
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([pem.len()]).collect();
    starts.into_iter().zip(ends).filter_map(|(start, end)| pem.get(start..end))
}

#[async_trait]
impl Mailer for SmtpMailer {
    async fn deliver(&self, message: &Message) -> Result<(), MailerError> {
        match self.transport.send(written(&self.from, message)?).await {
            Ok(_) => Ok(()),
            Err(error) if refuses_the_recipient(&error) => {
                tracing::warn!(%error, "the mail server refused a recipient for good");
                Err(MailerError::Never(Box::new(error)))
            }
            Err(error) => {
                tracing::warn!(%error, "a mail could not be handed on; it is tried again");
                Err(MailerError::NotNow(Box::new(error)))
            }
        }
    }
}

fn refuses_the_recipient(error: &lettre::transport::smtp::Error) -> bool {
    error.status().is_some_and(|code| ABOUT_THE_RECIPIENT.contains(&code.to_string().as_str()))
}
