//! Letters put into words. Plain text, in English whatever the account's language is; an embedder that
//! wants its own words implements the mailer port and looks at [`Message::kind`].

use crate::email::Email;
use crate::id::MailId;
use crate::mail::Notice;
use crate::mail::letter::Letter;
use crate::policy::Policy;
use crate::time::Timestamp;

/// A mail ready to be sent. Prints without its text, which may carry a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The mail's name, the same each time it is handed on: what a receiver may tell a second copy by.
    pub id: MailId,
    /// The recipient's address: the local part as they typed it, the domain in ASCII.
    pub to: String,
    /// The subject: one line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// What it is about.
    pub kind: MessageKind,
}

/// What a mail is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageKind {
    /// A link to choose a new password.
    PasswordReset,
    /// A link to prove the address.
    EmailVerification,
    /// Something happened.
    Notice(Notice),
}

impl std::fmt::Debug for Message {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message").field("kind", &self.kind).finish_non_exhaustive()
    }
}

/// `None` for a letter that is not for anybody's eyes.
pub(crate) fn compose(id: MailId, letter: &Letter, policy: &Policy) -> Option<Message> {
    let name = &policy.issuer;
    let message = |to: &str, subject: &str, text: String, kind| {
        let to = Email::parse(to).map_or_else(|_| to.to_owned(), |email| email.for_delivery());
        Some(Message { id, to, subject: format!("{name}: {subject}"), text, kind })
    };
    match letter {
        Letter::ResetRequest { .. } | Letter::VerifyRequest { .. } => None,
        Letter::Reset { to, token } => {
            let link = link(policy, "auth/password/reset", token, to);
            let text = format!(
                "Somebody, hopefully you, asked to choose a new password for your account at {name}.\n\n\
                 To do so, open this link within {} minutes; it works once:\n\n{link}\n\n\
                 If it was not you, do nothing: your password stays as it is.\n",
                policy.lifetimes.reset_token.as_secs().div_euclid(60)
            );
            message(to, "choose a new password", text, MessageKind::PasswordReset)
        }
        Letter::Verify { to, token } => {
            let link = link(policy, "auth/email/verify", token, to);
            let text = format!(
                "Please confirm that this is the e-mail address of your account at {name}, by opening this link \
                 within {} hours:\n\n{link}\n",
                policy.lifetimes.verification_token.as_secs().div_euclid(3600)
            );
            message(to, "confirm your e-mail address", text, MessageKind::EmailVerification)
        }
        Letter::Notice { to, notice, at } => {
            let (subject, what) = sentence(*notice);
            let at = Timestamp::from_millis(*at).to_rfc3339();
            let text = format!(
                "{what}\n\nThis was at {at}.\n\nIf it was not you, change your password at once and look at your \
                 sessions, API keys and SSH keys.\n"
            );
            message(to, subject, text, MessageKind::Notice(*notice))
        }
    }
}

/// Links are built from what is configured, never from a request.
fn link(policy: &Policy, path: &str, token: &str, email: &str) -> String {
    let base = policy.public_url.trim_end_matches('/');
    let email = crate::two_factor::percent_encoded(email);
    format!("{base}/{path}/{token}?email={email}")
}

fn sentence(notice: Notice) -> (&'static str, &'static str) {
    match notice {
        Notice::EmailChanged => ("e-mail address changed", "The e-mail address of your account was changed."),
        Notice::PasswordChanged => {
            ("password changed", "The password of your account was changed. All other sessions were ended.")
        }
        Notice::TwoFactorEnabled => {
            ("two-factor authentication on", "Two-factor authentication was turned on for your account.")
        }
        Notice::TwoFactorDisabled => {
            ("two-factor authentication off", "Two-factor authentication was turned off for your account.")
        }
        Notice::RecoveryCodeUsed => {
            ("recovery code used", "A recovery code was used to sign in to your account.")
        }
        Notice::ApiKeyCreated => ("new API key", "An API key was made for your account."),
        Notice::SshKeyAdded => ("new SSH key", "An SSH key was added to your account."),
        Notice::SecondFactorGuessed => (
            "wrong two-factor codes",
            "Somebody who knows your password tried several wrong two-factor codes. Change your password.",
        ),
    }
}
