//! The commands that administer accounts and keys, over the core's operator services. They work with or
//! without a server running beside. Results go to standard output, a line of JSON each; nothing else does.

mod api_keys;
mod output;
mod password_input;
mod users;
mod wording;

use account_core::Accounts;
use account_core::account::Account;
use account_core::id::AccountId;
use account_core::profile::Login;

pub(crate) use output::{print_json, print_line};
pub(crate) use wording::failure;

use crate::command_line::{ApiKeyCommand, UserCommand};
use crate::failure::Failure;

/// Runs one `user` command.
///
/// # Errors
/// One line.
pub(crate) async fn user(accounts: &Accounts, command: &UserCommand) -> Result<(), Failure> {
    match command {
        UserCommand::Create(new) => users::create(accounts, new).await,
        UserCommand::List => users::list(accounts).await,
        UserCommand::Show(which) => users::show(accounts, &which.user).await,
        UserCommand::SetPassword(set) => users::set_password(accounts, &set.which.user).await,
        UserCommand::Disable(which) => users::disable(accounts, &which.user).await,
        UserCommand::Enable(which) => users::enable(accounts, &which.user).await,
        UserCommand::Delete(which) => users::delete(accounts, &which.user).await,
    }
}

/// Runs one `api-key` command.
///
/// # Errors
/// One line.
pub(crate) async fn api_key(accounts: &Accounts, command: &ApiKeyCommand) -> Result<(), Failure> {
    match command {
        ApiKeyCommand::Create(new) => api_keys::create(accounts, new).await,
        ApiKeyCommand::List { user } => api_keys::list(accounts, user).await,
        ApiKeyCommand::Revoke { identifier } => api_keys::revoke(accounts, identifier).await,
    }
}

/// The account that `named` means: a number, else a username or an e-mail address.
async fn find(accounts: &Accounts, named: &str) -> Result<Account, Failure> {
    let named = named.trim();
    let unknown = || Failure::refused(format!("no user `{}`", named.escape_default()));
    if let Ok(number) = named.parse::<i64>() {
        match accounts.admin().by_id(AccountId(number)).await {
            // A username may look like a number, too.
            Err(account_core::Error::NotFound) => {}
            found => return found.map_err(failure),
        }
    }
    let login = Login::parse(named).ok_or_else(unknown)?;
    match accounts.admin().by_login(&login).await {
        Err(account_core::Error::NotFound) => Err(unknown()),
        found => found.map_err(failure),
    }
}
