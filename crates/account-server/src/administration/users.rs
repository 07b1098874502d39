//! The `user` commands. Each does one thing, and says in one line why it did not.

use account_core::Accounts;
use account_core::admin::{InitialPassword, NewUser};
use account_core::email::Email;
use account_core::field::{Fault, FieldErrors};
use account_core::password::NewPassword;
use account_core::profile::{Language, Login, PersonName, Username};

use super::output::print_user;
use super::wording::invalid;
use super::{failure, find, password_input, there};
use crate::command_line;
use crate::failure::Failure;

/// So many accounts are read at a time.
const PAGE: u32 = 500;

pub(super) async fn create(accounts: &Accounts, wanted: &command_line::NewUser) -> Result<(), Failure> {
    let typed = password_input::read()?;
    let mut errors = FieldErrors::default();
    let names = [wanted.username.as_str(), wanted.email.as_str()];
    let username = errors.take("username", Username::parse(&wanted.username));
    if let Some(name) = &username
        && is_taken(accounts, Login::Username(name.clone())).await?
    {
        errors.add("username", Fault::Taken);
    }
    let email = errors.take("email", Email::parse(&wanted.email));
    if let Some(email) = &email
        && is_taken(accounts, Login::Email(email.clone())).await?
    {
        errors.add("email", Fault::Taken);
    }
    let first_name = errors.take("first-name", PersonName::parse(wanted.first_name.trim()));
    let last_name = errors.take("last-name", PersonName::parse(wanted.last_name.trim()));
    let language = errors.take("language", Language::parse(&wanted.language));
    let password = errors.take("password", NewPassword::parse(&typed, &accounts.policy().passwords, &names));
    drop(typed);
    let (Some(username), Some(email), Some(first_name), Some(last_name), Some(language), Some(password)) =
        (username, email, first_name, last_name, language, password)
    else {
        return Err(Failure::refused(invalid(&errors)));
    };
    errors.into_result().map_err(|errors| Failure::refused(invalid(&errors)))?;
    let new = NewUser {
        username,
        email,
        first_name: Some(first_name),
        last_name: Some(last_name),
        language,
        admin: wanted.admin,
        email_verified: true,
        password: InitialPassword::Chosen(password),
    };
    print_user(&accounts.admin().register(new).await.map_err(failure)?)
}

/// Asked beforehand so that it is said together with all else that is wrong; registering decides.
async fn is_taken(accounts: &Accounts, login: Login) -> Result<bool, Failure> {
    Ok(there(accounts.admin().by_login(&login).await)?.is_some())
}

pub(super) async fn list(accounts: &Accounts) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let page = accounts.admin().list(after, PAGE).await.map_err(failure)?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        page.iter().try_for_each(print_user)?;
    }
}

pub(super) async fn show(accounts: &Accounts, user: &str) -> Result<(), Failure> {
    print_user(&find(accounts, user).await?)
}

pub(super) async fn set_password(accounts: &Accounts, user: &str) -> Result<(), Failure> {
    let account = find(accounts, user).await?;
    let typed = password_input::read()?;
    let names = [account.username.as_str(), account.email.as_str()];
    let password = NewPassword::parse(&typed, &accounts.policy().passwords, &names);
    let mut errors = FieldErrors::default();
    let Some(password) = errors.take("password", password) else {
        return Err(Failure::refused(invalid(&errors)));
    };
    accounts.admin().set_password(account.id, &password).await.map_err(failure)
}

pub(super) async fn disable(accounts: &Accounts, user: &str) -> Result<(), Failure> {
    let account = find(accounts, user).await?;
    accounts.admin().disable(account.id).await.map_err(failure)
}

pub(super) async fn enable(accounts: &Accounts, user: &str) -> Result<(), Failure> {
    let account = find(accounts, user).await?;
    accounts.admin().enable(account.id).await.map_err(failure)
}

pub(super) async fn delete(accounts: &Accounts, user: &str) -> Result<(), Failure> {
    let account = find(accounts, user).await?;
    accounts.admin().delete(account.id).await.map_err(failure)
}
