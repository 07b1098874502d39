//! All that a decision may look at, in one round trip and one snapshot: a single statement, whose rows
//! are the account's row and the rows that hang on it, in one shape.

use account_core::id::AccountId;
use account_core::malformed::Malformed;
use account_core::password::PasswordHash;
use account_core::store::{AccountState, StoreError};
use sqlx::postgres::PgRow;

use crate::cells::{Cells, Shape};
use crate::failure::Failure;
use crate::statement::Draft;
use crate::{account, api_key, mail_token, pending_sign_in, recovery_code, session, ssh_key, two_factor};

/// Wide enough for each table; what a table lacks is empty.
const SHAPE: Shape = Shape::new(3, 7, 11);
/// Which table, then two numbers to sort by.
const BEFORE: usize = 3;

const ACCOUNT: i64 = 0;
const RECOVERY_CODE: i64 = 1;
const API_KEY: i64 = 2;
const SSH_KEY: i64 = 3;
const SESSION: i64 = 4;
const PENDING_SIGN_IN: i64 = 5;
const MAIL_TOKEN: i64 = 6;

statements! {
    STATE = "
        SELECT 0::bigint AS part, 0::bigint AS made, 0::bigint AS number,
               uid AS b1, two_factor_secret AS b2, pending_two_factor_secret AS b3,
               username AS t1, email AS t2, email_canonical AS t3, first_name AS t4, last_name AS t5,
               language AS t6, password AS t7,
               id AS n1, revision AS n2, password_epoch AS n3, factor_epoch AS n4, email_verified_at AS n5,
               disabled_at AS n6, created_at AS n7, admin::int::bigint AS n8, two_factor_enabled_at AS n9,
               two_factor_last_step AS n10, pending_two_factor_made_at AS n11
          FROM account WHERE id = $1
        UNION ALL
        SELECT 1, position, 0, code_set, digest, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
               position, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM recovery_code WHERE account = $1
        UNION ALL
        SELECT 2, created_at, number, secret, mac, idempotency,
               identifier, description, allowed_ips, made_by, NULL, NULL, NULL,
               expires_at, created_at, last_used_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM api_key WHERE account = $1
        UNION ALL
        SELECT 3, created_at, number, idempotency, NULL, NULL, name, public_key, NULL, NULL, NULL, NULL, NULL,
               created_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM ssh_key WHERE account = $1
        UNION ALL
        SELECT 4, created_at, number, id, token, mac, ip, user_agent, NULL, NULL, NULL, NULL, NULL,
               password_epoch, created_at, last_seen_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM session WHERE account = $1
        UNION ALL
        SELECT 5, created_at, number, token, NULL, NULL, ip, NULL, NULL, NULL, NULL, NULL, NULL,
               password_epoch, factor_epoch, tries, created_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM pending_sign_in WHERE account = $1
        UNION ALL
        SELECT 6, created_at, number, token, NULL, NULL, purpose, email, NULL, NULL, NULL, NULL, NULL,
               password_epoch, created_at, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
          FROM mail_token WHERE account = $1
        ORDER BY 1, 2, 3";
}

pub(crate) fn question(id: AccountId) -> Draft {
    Draft::of(STATE).with(id.0)
}

/// The account's state, or nothing if there is no such account.
pub(crate) fn read(rows: &[PgRow]) -> Result<Option<AccountState>, Failure> {
    let Some((first, hanging)) = rows.split_first() else { return Ok(None) };
    let mut state = read_account(first)?;
    for row in hanging {
        let part = Cells::at(0, Shape::new(0, 0, 1), "account", row).number()?;
        let mut cells = Cells::at(BEFORE, SHAPE, table(part), row);
        match part {
            RECOVERY_CODE => state.recovery_codes.push(recovery_code::read(&mut cells)?),
            API_KEY => state.api_keys.push(api_key::read_with_name(&mut cells)?),
            SSH_KEY => state.ssh_keys.push(ssh_key::read(&mut cells)?),
            SESSION => state.sessions.push(session::read(&mut cells)?),
            PENDING_SIGN_IN => state.pending_sign_ins.push(pending_sign_in::read(&mut cells)?),
            MAIL_TOKEN => state.mail_tokens.push(mail_token::read(&mut cells)?),
            _ => return Err(StoreError::Corrupt(Box::new(Malformed("state"))).into()),
        }
    }
    Ok(Some(state))
}

fn read_account(row: &PgRow) -> Result<AccountState, Failure> {
    if Cells::at(0, Shape::new(0, 0, 1), "account", row).number()? != ACCOUNT {
        return Err(StoreError::Corrupt(Box::new(Malformed("rows without an account"))).into());
    }
    // The ninth number is read twice: as a flag with the account, and as the factor's time.
    let before_enabled_at = BEFORE.saturating_add(SHAPE.bytes).saturating_add(SHAPE.texts).saturating_add(8);
    let enabled_at = Cells::at(before_enabled_at, Shape::new(0, 0, 1), "account", row).time_if_any()?;
    let mut cells = Cells::at(BEFORE, SHAPE, "account", row);
    let account = account::read(&mut cells)?;
    let password = cells.owned_text(PasswordHash::from_stored)?;
    let two_factor = two_factor::read(&mut cells, enabled_at)?;
    let pending_two_factor = two_factor::read_pending(&mut cells)?;
    Ok(AccountState {
        account,
        password,
        pending_two_factor,
        two_factor,
        recovery_codes: Vec::new(),
        api_keys: Vec::new(),
        ssh_keys: Vec::new(),
        sessions: Vec::new(),
        pending_sign_ins: Vec::new(),
        mail_tokens: Vec::new(),
    })
}

fn table(part: i64) -> &'static str {
    match part {
        RECOVERY_CODE => "recovery_code",
        API_KEY => "api_key",
        SSH_KEY => "ssh_key",
        SESSION => "session",
        PENDING_SIGN_IN => "pending_sign_in",
        MAIL_TOKEN => "mail_token",
        _ => "account",
    }
}
