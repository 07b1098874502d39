//! All that a decision may look at: the caller holds one snapshot open around these reads.

use account_core::id::AccountId;
use account_core::password::PasswordHash;
use account_core::store::AccountState;
use rusqlite::{Connection, params};

use crate::failure::Failure;
use crate::{
    account, api_key, cells, mail_token, pending_sign_in, recovery_code, session, ssh_key, two_factor,
};

statements! {
    ACCOUNT_AND_CREDENTIALS = concat!(
        "SELECT ", account_columns!(), ", account.two_factor_secret, account.two_factor_last_step, \
         account.two_factor_enabled_at, account.pending_two_factor_secret, account.pending_two_factor_made_at, \
         account.password FROM account WHERE id = ?1"
    );
}

/// The account's state, or nothing if there is no such account.
pub(crate) fn read(connection: &Connection, id: AccountId) -> Result<Option<AccountState>, Failure> {
    let mut statement = connection.prepare_cached(ACCOUNT_AND_CREDENTIALS)?;
    let row = cells::one(statement.query(params![id.0])?, "account", |cells| {
        let account = account::read(cells)?;
        let two_factor = two_factor::read(cells)?;
        let pending = two_factor::read_pending(cells)?;
        Ok((account, two_factor, pending, cells.owned_text(PasswordHash::from_stored)?))
    })?;
    let Some((account, two_factor, pending_two_factor, password)) = row else { return Ok(None) };
    Ok(Some(AccountState {
        account,
        password,
        pending_two_factor,
        two_factor,
        recovery_codes: recovery_code::of(connection, id)?,
        api_keys: api_key::of(connection, id)?,
        ssh_keys: ssh_key::of(connection, id)?,
        sessions: session::of(connection, id)?,
        pending_sign_ins: pending_sign_in::of(connection, id)?,
        mail_tokens: mail_token::of(connection, id)?,
    }))
}
