//! The table of all settings: what each is called in the file, in the environment and on the command
//! line. A name that is not in this table is refused; what the values mean is decided elsewhere.

/// One setting and its three names.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// The key in the TOML file, and the name by which the program asks for it.
    pub(crate) key: &'static str,
    /// The environment variable.
    pub(crate) variable: &'static str,
    /// Whether the TOML file may hold it. Key material may not: it has a file of its own.
    pub(crate) in_file: bool,
}

const fn known(key: &'static str, variable: &'static str) -> Known {
    Known { key, variable, in_file: true }
}

/// Every setting there is.
pub(crate) const SETTINGS: &[Known] = &[
    known("listen", "ACCOUNT_LISTEN"),
    known("database", "ACCOUNT_DATABASE_URL"),
    known("transaction_pooling", "ACCOUNT_TRANSACTION_POOLING"),
    known("keyring", "ACCOUNT_KEYRING"),
    Known { key: "keyring_keys", variable: "ACCOUNT_KEYRING_KEYS", in_file: false },
    known("trusted_proxies", "ACCOUNT_TRUSTED_PROXIES"),
    known("public_url", "ACCOUNT_PUBLIC_URL"),
    known("limits", "ACCOUNT_LIMITS"),
    known("api_limit", "ACCOUNT_API_LIMIT"),
    known("log", "RUST_LOG"),
    known("log_format", "ACCOUNT_LOG_FORMAT"),
    known("two_factor_required", "ACCOUNT_TWO_FACTOR_REQUIRED"),
    known("mail_url", "ACCOUNT_MAIL_URL"),
    known("mail_folder", "ACCOUNT_MAIL_FOLDER"),
    known("mail_from", "ACCOUNT_MAIL_FROM"),
    known("mail_ca", "ACCOUNT_MAIL_CA"),
    known("verify_email", "ACCOUNT_VERIFY_EMAIL"),
    known("app_name", "ACCOUNT_APP_NAME"),
    known("insecure_http_cookies", "ACCOUNT_INSECURE_HTTP_COOKIES"),
    known("hashing_threads", "ACCOUNT_HASHING_THREADS"),
    known("max_connections", "ACCOUNT_MAX_CONNECTIONS"),
    Known { key: "config", variable: "ACCOUNT_CONFIG", in_file: false },
];

/// Variables that begin so belong to tests and are never an unknown setting.
pub(crate) const TEST_PREFIX: &str = "ACCOUNT_TEST_";

/// Variables that begin so are ours, and must be known.
pub(crate) const OUR_PREFIX: &str = "ACCOUNT_";

/// The setting of this environment variable.
pub(crate) fn by_variable(name: &str) -> Option<&'static Known> {
    SETTINGS.iter().find(|setting| setting.variable == name)
}

/// The setting of this key, if the file may hold it.
pub(crate) fn by_file_key(name: &str) -> Option<&'static Known> {
    SETTINGS.iter().find(|setting| setting.key == name && setting.in_file)
}
