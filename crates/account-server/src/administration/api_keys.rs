//! The `api-key` commands. `create` prints the token, alone, so that a script can take it as it is; no
//! other command ever shows it.

use account_core::Accounts;
use account_core::api_key::{AllowedIps, ApiKeyIdentifier, Description, NewApiKey};
use account_core::field::FieldErrors;

use super::output::{print_api_key, print_line};
use super::wording::invalid;
use super::{failure, find};
use crate::command_line;
use crate::failure::Failure;

pub(super) async fn create(accounts: &Accounts, wanted: &command_line::NewApiKey) -> Result<(), Failure> {
    let account = find(accounts, &wanted.user).await?;
    let mut errors = FieldErrors::default();
    let description = errors.take("description", Description::parse(wanted.description.trim()));
    let allowed_ips = AllowedIps::parse(&wanted.allowed_ips)
        .map_err(|faults| faults.into_iter().map(|(_, fault)| fault).collect::<Vec<_>>());
    let allowed_ips = errors.take("allowed-ip", allowed_ips);
    let (Some(description), Some(allowed_ips)) = (description, allowed_ips) else {
        return Err(Failure::refused(invalid(&errors)));
    };
    let new = NewApiKey { description, allowed_ips, expires_at: None };
    let created = accounts.admin().create_api_key(account.id, &new).await.map_err(failure)?;
    print_line(&created.token.joined())
}

pub(super) async fn list(accounts: &Accounts, user: &str) -> Result<(), Failure> {
    let account = find(accounts, user).await?;
    accounts.admin().api_keys(account.id).await.map_err(failure)?.iter().try_for_each(print_api_key)
}

pub(super) async fn revoke(accounts: &Accounts, identifier: &str) -> Result<(), Failure> {
    // A whole token was pasted: it is a secret, and its identifier is what was meant.
    let typed = identifier.trim();
    let parsed = ApiKeyIdentifier::parse(typed)
        .or_else(|| account_core::api_key::ApiKeyToken::parse(typed).map(|token| token.identifier()));
    let unknown = || Failure::refused("no API key has this identifier");
    match accounts.admin().revoke_api_key(parsed.ok_or_else(unknown)?).await {
        Err(account_core::Error::NotFound) => Err(unknown()),
        revoked => revoked.map_err(failure),
    }
}
