//! The account's row: read without its credentials, made by registration, changed part by part.

use account_core::account::{Account, NewAccount};
use account_core::email::Email;
use account_core::id::{AccountId, AccountUid, FactorEpoch, PasswordEpoch, Revision};
use account_core::profile::{Language, Login, PersonName, Username};
use account_core::store::{AccountRepository, AccountState, Change, StoreResult};
use account_core::time::Timestamp;
use async_trait::async_trait;

use crate::cells::{self, Cells, Shape};
use crate::failure::Failure;
use crate::statement::Draft;
use crate::store::PostgresStore;
use crate::{account_state, two_factor};

/// Of `account_columns!`.
pub(crate) const SHAPE: Shape = Shape::new(1, 6, 9);

statements! {
    BY_ID = concat!("SELECT ", account_columns!(), " FROM account WHERE id = $1");
    BY_EMAIL = "SELECT id FROM account WHERE email_canonical = $1";
    BY_USERNAME = "SELECT id FROM account WHERE username = $1";
    PAGE = concat!("SELECT ", account_columns!(), " FROM account WHERE id > $1 ORDER BY id LIMIT $2");
}

/// The account in the columns of `account_columns!`.
pub(crate) fn read(cells: &mut Cells<'_>) -> Result<Account, Failure> {
    Ok(Account {
        uid: cells.bytes(AccountUid::from_stored)?,
        username: cells.owned_text(Username::from_stored)?,
        email: read_email(cells)?,
        first_name: cells.owned_text_if_any(PersonName::from_stored)?,
        last_name: cells.owned_text_if_any(PersonName::from_stored)?,
        language: cells.owned_text(Language::from_stored)?,
        id: AccountId(cells.number()?),
        revision: Revision(cells.number()?),
        password_epoch: PasswordEpoch(cells.number()?),
        factor_epoch: FactorEpoch(cells.number()?),
        email_verified_at: cells.time_if_any()?,
        disabled_at: cells.time_if_any()?,
        created_at: cells.time()?,
        admin: cells.flag()?,
        two_factor: cells.number_if_any()?.is_some(),
    })
}

fn read_email(cells: &mut Cells<'_>) -> Result<Email, Failure> {
    let typed = cells.owned_text(Ok)?;
    cells.owned_text(|canonical| Email::from_stored(typed, canonical))
}

/// A new row; the number is the database's.
pub(crate) fn add(draft: &mut Draft, new: &NewAccount) {
    draft.then(
        "INSERT INTO account (uid, revision, password_epoch, factor_epoch, username, email, email_canonical, \
         email_verified_at, first_name, last_name, language, admin, password, created_at) VALUES (",
    );
    draft.value(&new.uid.as_bytes()[..]).then(", ").value(Revision::FIRST.0);
    draft.then(", ").value(PasswordEpoch::FIRST.0).then(", ").value(FactorEpoch::FIRST.0);
    draft.then(", ").value(new.username.as_str());
    draft.then(", ").value(new.email.as_str()).then(", ").value(new.email.canonical());
    draft.then(", ").value(new.email_verified_at.map(Timestamp::as_millis));
    draft.then(", ").value(new.first_name.as_ref().map(PersonName::as_str));
    draft.then(", ").value(new.last_name.as_ref().map(PersonName::as_str));
    draft.then(", ").value(new.language.as_str()).then(", ").value(new.admin);
    draft.then(", ").value(new.password.as_str()).then(", ").value(new.created_at.as_millis());
    draft.then(") RETURNING id");
}

/// `column = $n, …` for a change to the account's row, each with a comma before it but for the first.
pub(crate) fn set(draft: &mut Draft, change: &Change) {
    match change {
        Change::SetEmail { email, verified_at } => {
            draft.then("email = ").value(email.as_str());
            draft.then(", email_canonical = ").value(email.canonical());
            draft.then(", email_verified_at = ").value(verified_at.map(Timestamp::as_millis));
        }
        Change::SetProfile { username, first_name, last_name, language } => {
            draft.then("username = ").value(username.as_str());
            draft.then(", first_name = ").value(first_name.as_ref().map(PersonName::as_str));
            draft.then(", last_name = ").value(last_name.as_ref().map(PersonName::as_str));
            draft.then(", language = ").value(language.as_str());
        }
        Change::SetAdmin(admin) => {
            draft.then("admin = ").value(*admin);
        }
        Change::SetDisabled(at) => {
            draft.then("disabled_at = ").value(at.map(Timestamp::as_millis));
        }
        Change::SetPassword(hash) => {
            draft.then("password = ").value(hash.as_str());
        }
        Change::SetPasswordEpoch(epoch) => {
            draft.then("password_epoch = ").value(epoch.0);
        }
        Change::SetFactorEpoch(epoch) => {
            draft.then("factor_epoch = ").value(epoch.0);
        }
        Change::SetPendingTwoFactor(pending) => two_factor::set_pending(draft, pending.as_ref()),
        Change::SetTwoFactor(factor) => two_factor::set(draft, factor.as_ref()),
        Change::SetTotpStep(step) => two_factor::set_step(draft, *step),
        _ => {}
    }
}

#[async_trait]
impl AccountRepository for PostgresStore {
    async fn account(&self, id: AccountId) -> StoreResult<Option<Account>> {
        let rows = self.ask(Draft::of(BY_ID).with(id.0)).await?;
        Ok(cells::list(&rows, "account", SHAPE, read)?.pop())
    }

    async fn account_by_login(&self, login: &Login) -> StoreResult<Option<AccountId>> {
        let question = match login {
            Login::Email(_) => BY_EMAIL,
            Login::Username(_) => BY_USERNAME,
        };
        let rows = self.ask(Draft::of(question).with(login.key())).await?;
        Ok(rows.first().map(|row| cells::lone_number(row, "account")).transpose()?.map(AccountId))
    }

    async fn accounts(&self, after: Option<AccountId>, limit: u32) -> StoreResult<Vec<Account>> {
        let after = after.map_or(i64::MIN, |id| id.0);
        let rows = self.ask(Draft::of(PAGE).with(after).with(i64::from(limit))).await?;
        Ok(cells::list(&rows, "account", SHAPE, read)?)
    }

    async fn state(&self, id: AccountId) -> StoreResult<Option<AccountState>> {
        let rows = self.ask(account_state::question(id)).await?;
        Ok(account_state::read(&rows)?)
    }
}
