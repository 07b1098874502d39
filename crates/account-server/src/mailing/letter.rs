//! A mail in the form that is sent: headers and text (RFC 5322). What it says is the core's affair, where
//! it goes the mailer's.
//!
//! No name and no address can bring a header of its own: an address that holds a line break is none, and
//! a subject is encoded whatever is in it.

use account_core::mail::Message;
use account_core::ports::mailer::MailerError;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, SinglePart};

/// Answered by no machine (RFC 3834 section 5).
const AUTO_SUBMITTED: HeaderName = HeaderName::new_from_ascii_str("Auto-Submitted");

/// A mail in the form that is sent. `Never` if nobody can have the address.
pub(super) fn written(from: &Mailbox, message: &Message) -> Result<lettre::Message, MailerError> {
    let to: Mailbox = message.to.parse().map_err(|error| MailerError::Never(Box::new(error)))?;
    lettre::Message::builder()
        .from(from.clone())
        .to(to)
        .subject(&message.subject)
        // The same for each copy: delivery is at least once, and a receiver may drop the second.
        .message_id(Some(format!("<{}@{}>", message.id, from.email.domain())))
        .raw_header(HeaderValue::new(AUTO_SUBMITTED, "auto-generated".to_owned()))
        .singlepart(SinglePart::plain(message.text.clone()))
        .map_err(|error| MailerError::Never(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use account_core::id::MailId;
    use account_core::mail::MessageKind;

    fn mail(to: &str, subject: &str) -> Result<String, MailerError> {
        let (id, kind) = (MailId::from_stored(&[1; 16]).unwrap(), MessageKind::PasswordReset);
        let message = Message { id, to: to.into(), subject: subject.into(), text: "text".into(), kind };
        let from: Mailbox = "Konten <account@example.com>".parse().unwrap();
        written(&from, &message).map(|mail| String::from_utf8(mail.formatted()).unwrap())
    }

    fn headers(mail: &str) -> Vec<&str> {
        mail.split("\r\n\r\n").next().unwrap().split("\r\n").collect()
    }

    #[test]
    fn no_name_and_no_address_brings_a_header_of_its_own() {
        let usual = headers(&mail("mia@example.com", "subject").unwrap()).len();
        for hostile in ["a\r\nBcc: all@example.com", "a\nBcc: b@example.com", "a\rBcc: c@example.com", "\0"] {
            let mail = mail("mia@example.com", hostile).unwrap();
            let names: Vec<&str> =
                headers(&mail).into_iter().filter(|line| line.starts_with("Bcc")).collect();
            assert!(names.is_empty() && headers(&mail).len() == usual, "{mail}");
            for hostile in [format!("{hostile}@example.com"), format!("mia@example.com{hostile}")] {
                assert!(
                    matches!(super::tests::mail(&hostile, "s"), Err(MailerError::Never(_))),
                    "{hostile:?}"
                );
            }
        }
    }

    #[test]
    fn each_copy_has_the_same_name_and_says_that_a_machine_wrote_it() {
        let (one, two) = (mail("mia@example.com", "s").unwrap(), mail("mia@example.com", "s").unwrap());
        let name = |mail: &str| {
            headers(mail).into_iter().find(|h| h.starts_with("Message-ID: ")).unwrap().to_owned()
        };
        assert_eq!(name(&one), name(&two));
        assert!(
            name(&one).ends_with("@example.com>") && one.contains("Auto-Submitted: auto-generated"),
            "{one}"
        );
        assert!(
            one.contains("From: Konten <account@example.com>") || one.contains("From: \"Konten\""),
            "{one}"
        );
    }
}
