//! Where mail goes: an SMTP server, a folder for trying it out, or nowhere. It parses the settings; the
//! delivery itself is elsewhere.

use std::fmt;
use std::path::PathBuf;

use zeroize::Zeroizing;

use super::database::without_password;
use super::given::Given;
use crate::failure::Failure;

/// An SMTP URL: `smtps://user:password@host:465` or `smtp://host:587?tls=required`. Prints without
/// its password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SmtpUrl(Zeroizing<String>);

impl SmtpUrl {
    fn parse(text: &str) -> Result<Self, String> {
        let host = text.strip_prefix("smtp://").or_else(|| text.strip_prefix("smtps://"));
        match host {
            Some(host) if !host.is_empty() && !host.starts_with(['/', ':', '?']) => {
                Ok(Self(Zeroizing::new(text.to_owned())))
            }
            _ => Err("must be smtp://… or smtps://user:password@host".into()),
        }
    }

    /// The whole URL with its password, for the transport alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// How the connection is encrypted, in the transport's own words.
    pub(crate) fn security(&self) -> SmtpSecurity {
        let query = self.0.split_once('?').map_or("", |(_, query)| query);
        let tls = query.split('&').find_map(|pair| pair.strip_prefix("tls="));
        match (self.0.starts_with("smtps://"), tls) {
            (true, _) => SmtpSecurity::Wrapped,
            (false, Some("required")) => SmtpSecurity::Required,
            (false, Some("opportunistic")) => SmtpSecurity::Opportunistic,
            (false, _) => SmtpSecurity::None,
        }
    }

    /// The server's name or address.
    pub(crate) fn host(&self) -> &str {
        let authority = self.authority();
        let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
        match place.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => place,
        }
    }

    /// Whether somebody between us and the server could read the password.
    pub(crate) fn sends_its_password_in_the_clear(&self) -> bool {
        let local = matches!(self.host(), "localhost" | "127.0.0.1" | "[::1]");
        let encrypted = matches!(self.security(), SmtpSecurity::Wrapped | SmtpSecurity::Required);
        self.authority().contains('@') && !encrypted && !local
    }

    fn authority(&self) -> &str {
        let after = self.0.split_once("://").map_or("", |(_, after)| after);
        after.split(['/', '?', '#']).next().unwrap_or_default()
    }
}

/// How a connection to the mail server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SmtpSecurity {
    /// From the first byte: `smtps://`.
    Wrapped,
    /// After STARTTLS, or not at all: `?tls=required`.
    Required,
    /// After STARTTLS if the server offers it: `?tls=opportunistic`.
    Opportunistic,
    /// Never.
    None,
}

impl fmt::Display for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

/// Where a mail is handed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MailRoute {
    /// To an SMTP server, from this address; `ca` holds authorities that its certificate may be from.
    Smtp { url: SmtpUrl, from: String, ca: Option<PathBuf> },
    /// Into a folder, a file a mail: for trying out, not for production.
    Folder { folder: PathBuf, from: String },
}

impl MailRoute {
    /// Reads the mail settings; `None` if mail is not set up.
    ///
    /// # Errors
    /// One line that names the setting.
    pub(crate) fn from_given(given: &Given) -> Result<Option<Self>, Failure> {
        let url = given.parsed("mail_url", SmtpUrl::parse)?;
        let folder = given.parsed("mail_folder", |text| Ok::<_, String>(PathBuf::from(text)))?;
        let from = given.parsed("mail_from", sender)?;
        let ca = given.parsed("mail_ca", |text| Ok::<_, String>(PathBuf::from(text)))?;
        if ca.is_some() && url.is_none() {
            return Err(Failure::refused(format!(
                "{} has no effect without ACCOUNT_MAIL_URL",
                given.called("mail_ca")
            )));
        }
        match (url, folder, from) {
            (Some(_), Some(_), _) => Err(Failure::refused(format!(
                "{} and {} exclude each other: mail goes to a server or into a folder",
                given.called("mail_url"),
                given.called("mail_folder")
            ))),
            (Some(_), None, None) => Err(Failure::refused(format!(
                "{} needs ACCOUNT_MAIL_FROM, the address that mails come from",
                given.called("mail_url")
            ))),
            (Some(url), None, Some(from)) => Ok(Some(Self::Smtp { url, from, ca })),
            (None, Some(folder), from) => {
                Ok(Some(Self::Folder { folder, from: from.unwrap_or_else(|| "account@localhost".into()) }))
            }
            (None, None, Some(_)) => Err(Failure::refused(format!(
                "{} has no effect without ACCOUNT_MAIL_URL or ACCOUNT_MAIL_FOLDER",
                given.called("mail_from")
            ))),
            (None, None, None) => Ok(None),
        }
    }
}

fn sender(text: &str) -> Result<String, String> {
    match text.parse::<lettre::message::Mailbox>() {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("must be a mail address, such as account@example.com".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(pairs: &[(&str, &str)]) -> Result<Option<MailRoute>, String> {
        let mut given = Given::default();
        given.environment(pairs.iter().map(|(name, value)| (name.into(), value.into()))).unwrap();
        MailRoute::from_given(&given).map_err(|failure| failure.to_string())
    }

    #[test]
    fn without_settings_there_is_no_mail() {
        assert_eq!(route(&[]), Ok(None));
    }

    #[test]
    fn a_server_needs_a_sender_and_a_folder_does_not() {
        assert!(route(&[("ACCOUNT_MAIL_URL", "smtp://h")]).unwrap_err().contains("ACCOUNT_MAIL_FROM"));
        assert!(matches!(
            route(&[("ACCOUNT_MAIL_URL", "smtp://h"), ("ACCOUNT_MAIL_FROM", "Acme <a@b.example>")]),
            Ok(Some(MailRoute::Smtp { .. }))
        ));
        assert!(matches!(route(&[("ACCOUNT_MAIL_FOLDER", "mails")]), Ok(Some(MailRoute::Folder { .. }))));
    }

    #[test]
    fn contradictions_and_bad_values_are_refused_by_name() {
        for (pairs, name) in [
            (&[("ACCOUNT_MAIL_URL", "smtp://h"), ("ACCOUNT_MAIL_FOLDER", "f")][..], "ACCOUNT_MAIL_FOLDER"),
            (&[("ACCOUNT_MAIL_FROM", "a@b.example")], "ACCOUNT_MAIL_FROM"),
            (&[("ACCOUNT_MAIL_URL", "http://h")], "ACCOUNT_MAIL_URL"),
            (&[("ACCOUNT_MAIL_URL", "smtp://")], "ACCOUNT_MAIL_URL"),
            (&[("ACCOUNT_MAIL_FOLDER", "f"), ("ACCOUNT_MAIL_FROM", "nobody")], "ACCOUNT_MAIL_FROM"),
            (&[("ACCOUNT_MAIL_FOLDER", "f"), ("ACCOUNT_MAIL_CA", "ca.pem")], "ACCOUNT_MAIL_CA"),
        ] {
            assert!(route(pairs).unwrap_err().contains(name), "{pairs:?}");
        }
    }

    #[test]
    fn the_password_of_the_mail_server_is_never_printed() {
        let url = SmtpUrl::parse("smtps://u:geheim@h:465").unwrap();
        assert_eq!(format!("{url} {url:?}"), "smtps://u:***@h:465 smtps://u:***@h:465");
        assert_eq!(url.reveal(), "smtps://u:geheim@h:465");
    }

    #[test]
    fn host_and_encryption_are_read_from_the_url() {
        for (url, host, security, in_the_clear) in [
            ("smtps://u:p@h.example:465", "h.example", SmtpSecurity::Wrapped, false),
            ("smtp://u:p@h.example?tls=required", "h.example", SmtpSecurity::Required, false),
            (
                "smtp://u:p@h.example:587/me?a=b&tls=opportunistic",
                "h.example",
                SmtpSecurity::Opportunistic,
                true,
            ),
            ("smtp://u:p@[::1]:25", "[::1]", SmtpSecurity::None, false),
            ("smtp://[2001:db8::1]", "[2001:db8::1]", SmtpSecurity::None, false),
        ] {
            let parsed = SmtpUrl::parse(url).unwrap();
            assert_eq!((parsed.host(), parsed.security()), (host, security), "{url}");
            assert_eq!(parsed.sends_its_password_in_the_clear(), in_the_clear, "{url}");
        }
    }
}
