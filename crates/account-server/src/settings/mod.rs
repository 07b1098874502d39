//! Everything that can be set, read once at the start: the command line over the environment over a TOML
//! file. Unknown names and bad values are refused with one line that names them; nothing is looked up
//! again later, and nothing here opens a database or a socket.

mod database;
mod given;
mod known;
mod mail;
mod public_url;
mod value;

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use zeroize::Zeroizing;

pub(crate) use database::DatabaseUrl;
pub(crate) use mail::{MailRoute, SmtpSecurity, SmtpUrl};
pub(crate) use public_url::PublicUrl;
pub(crate) use value::{LogFormat, TwoFactorRequired};

use crate::failure::Failure;
use given::Given;

/// Where the keys that seal and authenticate rows come from.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum KeyringSource {
    /// A file: `ACCOUNT_KEYRING`.
    File(PathBuf),
    /// The text itself: `ACCOUNT_KEYRING_KEYS`.
    Keys(Zeroizing<String>),
}

/// Prints a path, and never the keys.
impl std::fmt::Debug for KeyringSource {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::File(path) => write!(out, "{}", path.display()),
            Self::Keys(_) => out.write_str("ACCOUNT_KEYRING_KEYS"),
        }
    }
}

/// Every setting, parsed.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where the server listens; `127.0.0.1:8080`.
    pub(crate) listen: SocketAddr,
    /// Where accounts are kept; `sqlite://account.db`.
    pub(crate) database: DatabaseUrl,
    /// Whether the database was named, and not left to its default.
    pub(crate) database_was_given: bool,
    /// Whether the database's URL leads to a proxy that pools transactions; found out by default.
    pub(crate) transaction_pooling: Option<bool>,
    /// The keyring, if it was named.
    pub(crate) keyring: Option<KeyringSource>,
    /// Peers whose forwarding header is believed; none (SEC-36).
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// The origin under which browsers come.
    pub(crate) public_url: Option<PublicUrl>,
    /// Whether rate limits are on. Off only while listening on loopback.
    pub(crate) limits: bool,
    /// Requests a minute a user; 256 (contract 1.6).
    pub(crate) api_limit: u32,
    /// Which events are logged, as `RUST_LOG` takes it; `info`.
    pub(crate) log: String,
    /// How log lines look.
    pub(crate) log_format: LogFormat,
    /// Who must have two-factor authentication on; nobody.
    pub(crate) two_factor_required: TwoFactorRequired,
    /// Where mail goes; nowhere.
    pub(crate) mail: Option<MailRoute>,
    /// Whether an e-mail address must be verified before its owner can sign in; no.
    pub(crate) verify_email: bool,
    /// The name that authenticator apps and mails show; `Account`.
    pub(crate) app_name: String,
    /// Whether the session cookie may go over plain HTTP beyond loopback; no (SEC-75).
    pub(crate) insecure_http_cookies: bool,
    /// How many passwords are hashed at once; by default what the machine has, at most four (REL-12).
    pub(crate) hashing_threads: Option<u32>,
    /// How many connections are open at once; 8192 (REL-11).
    pub(crate) max_connections: u32,
}

impl Settings {
    /// Gathers and parses. `options` are the command line's, as (key, option, value).
    ///
    /// # Errors
    /// One line that names the setting.
    pub(crate) fn gather(
        config: Option<&Path>,
        options: &[(&'static str, &str, Option<&str>)],
        environment: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, Failure> {
        let mut stronger = Given::default();
        stronger.environment(environment)?;
        let named = stronger.text("config").map(PathBuf::from);
        let mut given = Given::default();
        if let Some(path) = config.map(Path::to_owned).or(named) {
            let content = std::fs::read_to_string(&path)
                .map_err(|error| Failure::refused(format!("--config {}: {error}", path.display())))?;
            given.file(&path, &content)?;
        }
        given.over(stronger);
        for (key, option, text) in options {
            given.option(key, option, *text);
        }
        Self::parse(&given)
    }

    fn parse(given: &Given) -> Result<Self, Failure> {
        let settings = Self {
            listen: given
                .parsed("listen", value::listen)?
                .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            database: given
                .parsed("database", DatabaseUrl::parse)?
                .unwrap_or_else(|| DatabaseUrl::Sqlite("account.db".into())),
            database_was_given: given.text("database").is_some(),
            transaction_pooling: given.parsed("transaction_pooling", value::switch)?,
            keyring: keyring(given)?,
            trusted_proxies: given.parsed("trusted_proxies", value::networks)?.unwrap_or_default(),
            public_url: given.parsed("public_url", PublicUrl::parse)?,
            limits: given.parsed("limits", value::switch)?.unwrap_or(true),
            api_limit: given.parsed("api_limit", value::count(1_000_000))?.unwrap_or(256),
            log: given.text("log").unwrap_or("info").to_owned(),
            log_format: given.parsed("log_format", value::log_format)?.unwrap_or_default(),
            two_factor_required: given
                .parsed("two_factor_required", value::two_factor_required)?
                .unwrap_or_default(),
            mail: MailRoute::from_given(given)?,
            verify_email: given.parsed("verify_email", value::switch)?.unwrap_or(false),
            app_name: given.parsed("app_name", value::app_name)?.unwrap_or_else(|| "Account".into()),
            insecure_http_cookies: given.parsed("insecure_http_cookies", value::switch)?.unwrap_or(false),
            hashing_threads: given.parsed("hashing_threads", value::count(64))?,
            max_connections: given.parsed("max_connections", value::count(1_000_000))?.unwrap_or(8192),
        };
        settings.agree(given)?;
        Ok(settings)
    }

    /// What is fine alone and wrong together.
    fn agree(&self, given: &Given) -> Result<(), Failure> {
        let refused =
            |key: &str, problem: &str| Err(Failure::refused(format!("{}: {problem}", given.called(key))));
        if !self.limits && !self.listen.ip().is_loopback() {
            return refused("limits", "limits are turned off only while listening on loopback");
        }
        let plain = self.public_url.as_ref().is_some_and(|url| !url.is_tls() && !url.is_loopback());
        if plain && !self.insecure_http_cookies {
            return refused(
                "public_url",
                "sessions over plain HTTP can be stolen; use https://, or set ACCOUNT_INSECURE_HTTP_COOKIES=on",
            );
        }
        if self.mail.is_some() && self.public_url.is_none() && !self.listen.ip().is_loopback() {
            let key = if given.text("mail_url").is_some() { "mail_url" } else { "mail_folder" };
            return refused(key, "the links in mails begin with ACCOUNT_PUBLIC_URL: set it");
        }
        if self.transaction_pooling.is_some() && self.database.sqlite_path().is_some() {
            return refused("transaction_pooling", "is about PostgreSQL, and the database is SQLite");
        }
        if self.verify_email && self.mail.is_none() {
            return refused("verify_email", "needs mail: set ACCOUNT_MAIL_URL or ACCOUNT_MAIL_FOLDER");
        }
        Ok(())
    }
}

fn keyring(given: &Given) -> Result<Option<KeyringSource>, Failure> {
    let file = given.text("keyring").map(|path| KeyringSource::File(path.into()));
    let keys = given.text("keyring_keys").map(|keys| KeyringSource::Keys(Zeroizing::new(keys.to_owned())));
    if file.is_some() && keys.is_some() {
        let problem = "excludes ACCOUNT_KEYRING_KEYS: a keyring comes from one place";
        return Err(Failure::refused(format!("{}: {problem}", given.called("keyring"))));
    }
    Ok(file.or(keys))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Result<Settings, String> {
        let environment = pairs.iter().map(|(name, value)| (name.into(), value.into()));
        Settings::gather(None, &[], environment).map_err(|failure| failure.to_string())
    }

    #[test]
    fn pooling_is_found_out_unless_it_is_set_and_is_never_sqlites() {
        let postgres = ("ACCOUNT_DATABASE_URL", "postgres://u@h/d");
        let pooling = |value| settings(&[postgres, ("ACCOUNT_TRANSACTION_POOLING", value)]);
        assert_eq!(settings(&[postgres]).unwrap().transaction_pooling, None);
        assert_eq!(pooling("on").unwrap().transaction_pooling, Some(true));
        assert_eq!(pooling("off").unwrap().transaction_pooling, Some(false));
        assert!(pooling("perhaps").unwrap_err().contains("ACCOUNT_TRANSACTION_POOLING"));
        let sqlite = settings(&[("ACCOUNT_TRANSACTION_POOLING", "on")]).unwrap_err();
        assert!(sqlite.contains("the database is SQLite"), "{sqlite}");
    }

    #[test]
    fn sec_75_with_nothing_set_it_is_loopback_limited_and_trusts_nobody() {
        let settings = settings(&[]).unwrap();
        assert!(settings.listen.ip().is_loopback());
        assert!(settings.limits);
        assert_eq!(settings.api_limit, 256);
        assert!(settings.trusted_proxies.is_empty());
        assert!(!settings.insecure_http_cookies);
        assert_eq!(settings.database, DatabaseUrl::Sqlite("account.db".into()));
        assert!(settings.keyring.is_none() && settings.mail.is_none());
    }

    #[test]
    fn every_bad_value_is_one_line_that_names_its_setting() {
        for (name, value) in [
            ("ACCOUNT_LISTEN", "everywhere"),
            ("ACCOUNT_DATABASE_URL", "mysql://x"),
            ("ACCOUNT_TRUSTED_PROXIES", "10.0.0.0/99"),
            ("ACCOUNT_PUBLIC_URL", "example"),
            ("ACCOUNT_LIMITS", "perhaps"),
            ("ACCOUNT_API_LIMIT", "0"),
            ("ACCOUNT_LOG_FORMAT", "xml"),
            ("ACCOUNT_TWO_FACTOR_REQUIRED", "some"),
            ("ACCOUNT_MAIL_URL", "carrier://pigeon"),
            ("ACCOUNT_VERIFY_EMAIL", "?"),
            ("ACCOUNT_VERIFY_EMAIL", "on"),
            ("ACCOUNT_APP_NAME", "a:b"),
            ("ACCOUNT_INSECURE_HTTP_COOKIES", "?"),
            ("ACCOUNT_HASHING_THREADS", "0"),
            ("ACCOUNT_MAX_CONNECTIONS", "many"),
        ] {
            let line = settings(&[(name, value)]).unwrap_err();
            assert!(line.starts_with(&format!("{name}: ")), "{line}");
            assert!(!line.contains('\n'), "{line}");
        }
    }

    #[test]
    fn limits_can_be_turned_off_on_loopback_alone() {
        assert!(!settings(&[("ACCOUNT_LIMITS", "off")]).unwrap().limits);
        let line = settings(&[("ACCOUNT_LIMITS", "off"), ("ACCOUNT_LISTEN", "0.0.0.0:80")]).unwrap_err();
        assert!(line.starts_with("ACCOUNT_LIMITS: "), "{line}");
    }

    #[test]
    fn sec_75_plain_http_off_loopback_must_be_asked_for() {
        let plain = ("ACCOUNT_PUBLIC_URL", "http://account.example");
        assert!(settings(&[plain]).unwrap_err().contains("ACCOUNT_INSECURE_HTTP_COOKIES"));
        assert!(settings(&[plain, ("ACCOUNT_INSECURE_HTTP_COOKIES", "on")]).is_ok());
        assert!(settings(&[("ACCOUNT_PUBLIC_URL", "http://localhost:8080")]).is_ok());
    }

    #[test]
    fn mail_beyond_loopback_needs_the_url_that_its_links_begin_with() {
        let (mail, everywhere) = (("ACCOUNT_MAIL_FOLDER", "mails"), ("ACCOUNT_LISTEN", "0.0.0.0:80"));
        assert!(settings(&[mail]).is_ok());
        let line = settings(&[mail, everywhere]).unwrap_err();
        assert!(line.starts_with("ACCOUNT_MAIL_FOLDER: ") && line.contains("ACCOUNT_PUBLIC_URL"), "{line}");
        assert!(settings(&[mail, everywhere, ("ACCOUNT_PUBLIC_URL", "https://a.example")]).is_ok());
    }

    #[test]
    fn a_keyring_comes_from_one_place_and_its_keys_are_never_printed() {
        assert!(settings(&[("ACCOUNT_KEYRING", "a"), ("ACCOUNT_KEYRING_KEYS", "b")]).is_err());
        let keys = settings(&[("ACCOUNT_KEYRING_KEYS", "geheim")]).unwrap();
        assert!(!format!("{keys:?}").contains("geheim"));
    }

    #[test]
    fn the_file_named_by_config_is_read_and_the_command_line_is_over_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.toml");
        std::fs::write(&path, "listen = \"127.0.0.1:1\"\napi_limit = 7\n").unwrap();
        let options = [("listen", "--listen", Some("127.0.0.1:2"))];
        let settings = Settings::gather(Some(&path), &options, std::iter::empty()).unwrap();
        assert_eq!((settings.listen.port(), settings.api_limit), (2, 7));
        let missing = folder.path().join("none.toml");
        assert!(
            Settings::gather(Some(&missing), &[], std::iter::empty())
                .unwrap_err()
                .to_string()
                .contains("none.toml")
        );
    }
}
