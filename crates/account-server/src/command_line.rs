//! The commands and their options, as clap reads them. It says what can be typed; what a setting's value
//! means is decided in `settings`, and what a command does in the command's own file.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Accounts over an API: details, e-mail, password, two-factor, API keys, SSH keys.
#[derive(Debug, Parser)]
#[command(name = "account-server", version, disable_help_subcommand = true)]
pub(crate) struct CommandLine {
    /// Options that every command takes.
    #[command(flatten)]
    pub(crate) everywhere: EverywhereOptions,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options that every command takes.
#[derive(Debug, Args)]
pub(crate) struct EverywhereOptions {
    /// A TOML file with settings; the environment and the command line are stronger
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// sqlite://account.db, sqlite:///var/lib/account.db or postgres://user@host/database
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database: Option<String>,
    /// The keyring's file
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) keyring: Option<String>,
    /// on if PostgreSQL is behind a proxy that pools transactions; found out by default
    #[arg(long, global = true, value_name = "SWITCH")]
    pub(crate) transaction_pooling: Option<String>,
    /// text or json
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it out: a throw-away database in ./account-try with a sample account, then serve
    Try(ServingOptions),
    /// Serve the API
    Serve(ServingOptions),
    /// Accounts: create, list, show, set-password, disable, enable, delete
    #[command(subcommand)]
    User(UserCommand),
    /// API keys: create, list, revoke
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// The keyring: new, add, promote, rewrap, retire
    #[command(subcommand)]
    Keyring(KeyringCommand),
}

impl Command {
    /// Whether it goes on until it is told to stop.
    pub(crate) fn serves(&self) -> bool {
        matches!(self, Self::Try(_) | Self::Serve(_))
    }

    /// Whether it may make a database where there is none.
    pub(crate) fn begins_a_database(&self) -> bool {
        self.serves() || matches!(self, Self::User(UserCommand::Create(_)))
    }

    /// Whether it opens the database.
    pub(crate) fn opens_a_database(&self) -> bool {
        !matches!(
            self,
            Self::Keyring(
                KeyringCommand::New { .. } | KeyringCommand::Add { .. } | KeyringCommand::Promote { .. }
            )
        )
    }
}

/// Options of the commands that serve.
#[derive(Debug, Args)]
pub(crate) struct ServingOptions {
    /// Where to listen [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// Networks whose X-Forwarded-For is believed, separated by commas
    #[arg(long, value_name = "CIDR")]
    pub(crate) trusted_proxies: Option<String>,
    /// The address under which browsers come.
    #[arg(
        long,
        value_name = "URL",
        help = "The address under which browsers come, such as https://account.example.com"
    )]
    pub(crate) public_url: Option<String>,
    /// on or off; off is for load tests on loopback alone
    #[arg(long, value_name = "SWITCH")]
    pub(crate) limits: Option<String>,
    /// Requests a minute a user [default: 256]
    #[arg(long, value_name = "COUNT")]
    pub(crate) api_limit: Option<String>,
    /// nobody, administrators or everybody
    #[arg(long, value_name = "WHO")]
    pub(crate) two_factor_required: Option<String>,
    /// A folder that mails are written to, for trying out
    #[arg(long, value_name = "FOLDER")]
    pub(crate) mail_folder: Option<String>,
    /// The name that authenticator apps show [default: Account]
    #[arg(long, value_name = "NAME")]
    pub(crate) app_name: Option<String>,
}

/// What can be done with accounts. `U` is a username, an e-mail address or a number.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account; prints it as one line of JSON
    Create(NewUser),
    /// Print every account, one line of JSON each
    List,
    /// Print one account as a line of JSON
    Show(WhichUser),
    /// Set a new password, read from standard input; all sessions end
    SetPassword(SetPassword),
    /// Lock the account out: sessions end, keys stop working
    Disable(WhichUser),
    /// Let a disabled account in again
    Enable(WhichUser),
    /// Delete the account and all that belongs to it
    Delete(WhichUser),
}

/// Names one account.
#[derive(Debug, Args)]
pub(crate) struct WhichUser {
    /// Username, e-mail address, or number as it is printed
    #[arg(value_name = "U")]
    pub(crate) user: String,
}

/// Options of `user set-password`.
#[derive(Debug, Args)]
pub(crate) struct SetPassword {
    /// Whose.
    #[command(flatten)]
    pub(crate) which: WhichUser,
    /// Read the password from standard input, one line
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

/// Options of `user create`.
#[derive(Debug, Args)]
pub(crate) struct NewUser {
    /// Letters, digits, `_`, `.`, `-`
    #[arg(long)]
    pub(crate) username: String,
    /// E-mail address
    #[arg(long)]
    pub(crate) email: String,
    /// First name
    #[arg(long)]
    pub(crate) first_name: String,
    /// Last name
    #[arg(long)]
    pub(crate) last_name: String,
    /// Language code
    #[arg(long, default_value = "en")]
    pub(crate) language: String,
    /// Make it an administrator
    #[arg(long)]
    pub(crate) admin: bool,
    /// Read the password from standard input, one line
    #[arg(long, required = true)]
    pub(crate) password_stdin: bool,
}

/// What can be done with API keys.
#[derive(Debug, Subcommand)]
pub(crate) enum ApiKeyCommand {
    /// Make a key; prints the token, alone
    Create(NewApiKey),
    /// Print a user's keys, one line of JSON each
    List {
        /// Username, e-mail address, or number as it is printed
        #[arg(long, value_name = "U")]
        user: String,
    },
    /// Revoke the key with this identifier
    Revoke {
        /// The first 16 characters of the token
        identifier: String,
    },
}

/// Options of `api-key create`.
#[derive(Debug, Args)]
pub(crate) struct NewApiKey {
    /// Username, e-mail address, or number as it is printed
    #[arg(long, value_name = "U")]
    pub(crate) user: String,
    /// What the key is for
    #[arg(long)]
    pub(crate) description: String,
    /// Only from this address or network; may be repeated
    #[arg(long = "allowed-ip", value_name = "CIDR")]
    pub(crate) allowed_ips: Vec<String>,
}

/// What can be done with keyrings.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyringCommand {
    /// Make a keyring, readable by its owner alone; never over an existing file
    New {
        /// The file to make
        file: PathBuf,
    },
    /// Add a new key at the end, so that every node learns to read it; prints its name
    Add {
        /// The keyring's file
        file: PathBuf,
    },
    /// Let this key write from now on
    Promote {
        /// The keyring's file
        file: PathBuf,
        /// The key's name
        name: String,
    },
    /// Move what older keys wrote to the current key; prints what was done as one line of JSON
    Rewrap,
    /// Take leave of an older key that nothing in the database names any more
    Retire {
        /// The key's name
        name: String,
    },
}

impl CommandLine {
    /// The options that are settings, as (key, option, value).
    pub(crate) fn settings(&self) -> Vec<(&'static str, &'static str, Option<&str>)> {
        let all = &self.everywhere;
        let mut given = vec![
            ("database", "--database", all.database.as_deref()),
            ("keyring", "--keyring", all.keyring.as_deref()),
            ("transaction_pooling", "--transaction-pooling", all.transaction_pooling.as_deref()),
            ("log_format", "--log-format", all.log_format.as_deref()),
        ];
        if let Command::Try(own) | Command::Serve(own) = &self.command {
            given.extend([
                ("listen", "--listen", own.listen.as_deref()),
                ("trusted_proxies", "--trusted-proxies", own.trusted_proxies.as_deref()),
                ("public_url", "--public-url", own.public_url.as_deref()),
                ("limits", "--limits", own.limits.as_deref()),
                ("api_limit", "--api-limit", own.api_limit.as_deref()),
                ("two_factor_required", "--two-factor-required", own.two_factor_required.as_deref()),
                ("mail_folder", "--mail-folder", own.mail_folder.as_deref()),
                ("app_name", "--app-name", own.app_name.as_deref()),
            ]);
        }
        given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<CommandLine, clap::Error> {
        CommandLine::try_parse_from(line.split_whitespace())
    }

    #[test]
    fn the_command_line_is_consistent() {
        CommandLine::command().debug_assert();
    }

    #[test]
    fn every_documented_command_is_understood() {
        for line in [
            "account-server try",
            "account-server serve --listen 127.0.0.1:1 --database sqlite://a.db --config a.toml",
            "account-server user create --username u --email e@x.y --first-name F --last-name L --admin --password-stdin",
            "account-server user list",
            "account-server user show 1 --database sqlite://a.db",
            "account-server user set-password u --password-stdin",
            "account-server user disable u",
            "account-server user enable u",
            "account-server user delete u",
            "account-server api-key create --user u --description d --allowed-ip 10.0.0.0/8 --allowed-ip ::1",
            "account-server api-key list --user u",
            "account-server api-key revoke ptlc_0123456789a",
            "account-server keyring new k",
            "account-server keyring add k",
            "account-server keyring promote k k-0002-90abcdef",
            "account-server keyring rewrap --keyring k",
            "account-server keyring retire k-0001-90abcdef --keyring k",
        ] {
            assert!(parse(line).is_ok(), "{line}: {:?}", parse(line).err());
        }
    }

    #[test]
    fn a_password_is_never_an_argument() {
        for line in [
            "account-server user set-password u",
            "account-server user set-password u geheim",
            "account-server user set-password u --password-stdin=geheim",
            "account-server user create --username u --email e@x.y --first-name F --last-name L",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn options_become_settings_under_their_own_names() {
        let line = parse("account-server serve --listen 1 --database d").unwrap();
        let given = line.settings();
        assert!(given.contains(&("listen", "--listen", Some("1"))));
        assert!(given.contains(&("database", "--database", Some("d"))));
        assert!(given.contains(&("public_url", "--public-url", None)));
    }
}
