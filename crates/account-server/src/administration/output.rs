//! What the commands print: one JSON object a line, with the names that the API uses. Only results are
//! printed here, and only to standard output.

use std::io::{ErrorKind, Write};

use account_core::account::Account;
use account_core::api_key::ApiKey;
use serde::Serialize;

use crate::failure::Failure;

#[derive(Serialize)]
struct UserLine<'a> {
    id: i64,
    username: &'a str,
    email: &'a str,
    first_name: Option<&'a str>,
    last_name: Option<&'a str>,
    language: &'a str,
    admin: bool,
    two_factor: bool,
    disabled: bool,
    created_at: String,
}

#[derive(Serialize)]
struct ApiKeyLine<'a> {
    identifier: &'a str,
    description: &'a str,
    allowed_ips: &'a [String],
    created_at: String,
    last_used_at: Option<String>,
    expires_at: Option<String>,
}

/// Prints an account.
///
/// # Errors
/// One line, if standard output cannot be written to.
pub(super) fn print_user(account: &Account) -> Result<(), Failure> {
    print_json(&UserLine {
        id: account.id.0,
        username: account.username.as_str(),
        email: account.email.as_str(),
        first_name: account.first_name.as_ref().map(|name| name.as_str()),
        last_name: account.last_name.as_ref().map(|name| name.as_str()),
        language: account.language.as_str(),
        admin: account.admin,
        two_factor: account.two_factor,
        disabled: account.disabled_at.is_some(),
        created_at: account.created_at.to_rfc3339(),
    })
}

/// Prints an API key, which has no secret in it.
///
/// # Errors
/// One line, if standard output cannot be written to.
pub(super) fn print_api_key(key: &ApiKey) -> Result<(), Failure> {
    print_json(&ApiKeyLine {
        identifier: key.identifier.as_str(),
        description: key.description.as_str(),
        allowed_ips: key.allowed_ips.entries(),
        created_at: key.created_at.to_rfc3339(),
        last_used_at: key.last_used_at.map(|at| at.to_rfc3339()),
        expires_at: key.expires_at.map(|at| at.to_rfc3339()),
    })
}

/// Prints one object.
///
/// # Errors
/// One line, if standard output cannot be written to.
pub(crate) fn print_json(line: &impl Serialize) -> Result<(), Failure> {
    let line = serde_json::to_string(line).map_err(|error| Failure::refused(format!("output: {error}")))?;
    print_line(&line)
}

/// Prints one line of a result.
///
/// # Errors
/// One line, if standard output cannot be written to.
pub(crate) fn print_line(line: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    let printed = writeln!(output, "{line}").and_then(|()| output.flush());
    match printed {
        // Whoever read it has seen enough: `user list | head -1`.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        printed => printed.map_err(|error| Failure::refused(format!("standard output: {error}"))),
    }
}
