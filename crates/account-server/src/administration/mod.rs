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

/// The one account that `named` means: by its username or e-mail address, or by its number as it is printed.
/// A text that means two accounts is refused, for what is asked of the wrong one may not be undone.
async fn find(accounts: &Accounts, named: &str) -> Result<Account, Failure> {
    let by_login = match Login::parse(named) {
        Some(login) => there(accounts.admin().by_login(&login).await)?,
        None => None,
    };
    let by_number = match number(named) {
        Some(id) => there(accounts.admin().by_id(id).await)?,
        None => None,
    };
    match (by_login, by_number) {
        (Some(one), Some(other)) if one.id != other.id => Err(Failure::refused(format!(
            "`{named}` is the username of account {} and the number of account {}: name the e-mail address instead",
            one.id, other.id
        ))),
        (Some(account), _) | (None, Some(account)) => Ok(account),
        (None, None) => Err(Failure::refused(format!("no user `{}`", named.escape_default()))),
    }
}

fn there(found: Result<Account, account_core::Error>) -> Result<Option<Account>, Failure> {
    match found {
        Err(account_core::Error::NotFound) => Ok(None),
        found => found.map(Some).map_err(failure),
    }
}

/// A number in the one spelling in which it is printed: `001` and `+5` are none.
fn number(text: &str) -> Option<AccountId> {
    text.parse::<i64>().ok().filter(|number| number.to_string() == text).map(AccountId)
}
