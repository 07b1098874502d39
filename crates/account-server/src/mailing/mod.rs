//! Hands mails on: to an SMTP server, or into a folder for trying out. What a mail says, and when it is
//! tried again, is the core's affair.

mod folder;
mod letter;
mod smtp;

use std::sync::Arc;

use account_core::ports::mailer::Mailer;

use crate::failure::Failure;
use crate::settings::MailRoute;

/// The mailer that the settings ask for.
///
/// # Errors
/// One line: the folder cannot be used, the SMTP URL cannot be understood, or the authority's file is none.
pub(crate) fn mailer(route: &MailRoute) -> Result<Arc<dyn Mailer>, Failure> {
    Ok(match route {
        MailRoute::Smtp { url, from, ca } => Arc::new(smtp::SmtpMailer::new(url, from, ca.as_deref())?),
        MailRoute::Folder { folder, from } => Arc::new(folder::FolderMailer::new(folder, from)?),
    })
}
