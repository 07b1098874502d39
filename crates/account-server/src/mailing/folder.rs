//! Mail as files in a folder, for trying out: `000001.eml`, readable by their owner alone, since a mail may
//! carry a token. Nothing is ever sent.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use account_core::mail::Message;
use account_core::ports::mailer::{Mailer, MailerError};
use async_trait::async_trait;
use lettre::message::Mailbox;

use super::letter::written;
use crate::failure::Failure;

/// Writes a file for each mail.
pub(super) struct FolderMailer {
    folder: PathBuf,
    from: Mailbox,
    next: AtomicU32,
}

impl FolderMailer {
    pub(super) fn new(folder: &Path, from: &str) -> Result<Self, Failure> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            Failure::refused(format!("ACCOUNT_MAIL_FOLDER: cannot make {}: {error}", folder.display()))
        })?;
        let from = from.parse().map_err(|_| Failure::refused("ACCOUNT_MAIL_FROM: not a mail address"))?;
        Ok(Self { folder: folder.to_owned(), from, next: AtomicU32::new(1) })
    }

    /// A mail gets its name when it is whole: no crash and no full disk leaves half of one.
    fn write(&self, bytes: &[u8]) -> io::Result<()> {
        let draft = self.folder.join(format!(".draft-{}", std::process::id()));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        self.name(&draft)?;
        fs::remove_file(draft)
    }

    fn name(&self, draft: &Path) -> io::Result<()> {
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            match fs::hard_link(draft, self.folder.join(format!("{number:06}.eml"))) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                named => return named,
            }
        }
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn deliver(&self, message: &Message) -> Result<(), MailerError> {
        let mail = written(&self.from, message)?;
        self.write(&mail.formatted()).map_err(|error| MailerError::NotNow(Box::new(error)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use account_core::id::MailId;
    use account_core::mail::MessageKind;
    use std::os::unix::fs::PermissionsExt;

    fn message(to: &str) -> Message {
        let text = "grüße: token".to_owned();
        let (id, subject) = (MailId::from_stored(&[1; 16]).unwrap(), "Account: grüße".into());
        Message { id, to: to.into(), subject, text, kind: MessageKind::PasswordReset }
    }

    #[tokio::test]
    async fn each_mail_is_a_file_of_its_own_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mails");
        for _ in 0..2 {
            let mailer = FolderMailer::new(&path, "account@localhost").unwrap();
            mailer.deliver(&message("mia@example.com")).await.unwrap();
        }
        let second = path.join("000002.eml");
        assert_eq!(fs::metadata(&second).unwrap().permissions().mode() & 0o777, 0o600);
        let text = fs::read_to_string(second).unwrap();
        assert!(text.contains("To: mia@example.com") && text.contains("From: account@localhost"), "{text}");
        assert_eq!(fs::read_dir(&path).unwrap().count(), 2, "no draft is left");
    }

    #[tokio::test]
    async fn an_address_that_nobody_can_have_is_never_tried_again() {
        let folder = tempfile::tempdir().unwrap();
        let mailer = FolderMailer::new(folder.path(), "account@localhost").unwrap();
        let refused = mailer.deliver(&message("nobody\r\nBcc: all@example.com")).await;
        assert!(matches!(refused, Err(MailerError::Never(_))));
    }
}
