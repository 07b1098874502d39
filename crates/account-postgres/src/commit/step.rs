//! One statement of a commit: the account's row is held, and what hangs on it is written beside, in
//! the same snapshot.

use std::mem::discriminant;

use account_core::account::NewAccount;
use account_core::id::{AccountId, AccountUid, Revision};
use account_core::store::Change;

use super::part::Part;
use super::table::Table;
use crate::account;
use crate::failure::Failure;
use crate::statement::{Draft, Statement};

/// How a statement comes by the account's row, and its number.
#[derive(Clone, Copy)]
pub(super) enum Hold<'a> {
    /// First of a commit: only if it is as it was read, and then one revision higher.
    Raise {
        /// Whose row.
        account: AccountId,
        /// The revision that was read.
        expected: Revision,
    },
    /// First of a registration.
    Make(&'a NewAccount),
    /// The transaction holds it already.
    Found,
    /// It was deleted before.
    Gone,
}

/// A statement that is being put together.
pub(super) struct Step<'a> {
    hold: Hold<'a>,
    columns: Vec<&'a Change>,
    rows: Vec<(Table, Part<'a>)>,
    deletes: bool,
}

impl<'a> Step<'a> {
    pub(super) fn new(hold: Hold<'a>) -> Self {
        Self { hold, columns: Vec::new(), rows: Vec::new(), deletes: false }
    }

    /// Whether the part may be added, so that the statement does the same as all of them in order.
    pub(super) fn takes(&self, table: Table, part: &Part<'_>) -> bool {
        if let Part::Set(change) = part {
            return self.sets(change);
        }
        let beside = self.rows.iter().find(|(written, _)| *written == table);
        beside.is_none_or(|(_, earlier)| earlier.goes_with(part))
    }

    /// Each column is set once.
    fn sets(&self, change: &Change) -> bool {
        let free = self.columns.iter().all(|earlier| !meddle(earlier, change));
        matches!(self.hold, Hold::Raise { .. } | Hold::Found) && !self.deletes && free
    }

    pub(super) fn add(&mut self, table: Table, part: Part<'a>) {
        if let Part::Set(change) = part {
            self.columns.push(change);
            return;
        }
        match self.rows.iter_mut().find(|(written, _)| *written == table) {
            Some((_, earlier)) => earlier.join(part),
            None => self.rows.push((table, part)),
        }
    }

    pub(super) fn delete_account(&mut self) {
        self.deletes = true;
    }

    /// The whole statement, which answers with the account's number if there is one to hold.
    pub(super) fn statement(&self, uid: AccountUid) -> Result<Statement, Failure> {
        let mut draft = Draft::of("WITH hold AS (");
        self.hold(&mut draft, uid);
        draft.then(")");
        if self.deletes {
            draft.then(Table::Mail.part());
            crate::mail::remove_all(&mut draft, uid);
            draft.then(")");
        }
        for (table, part) in &self.rows {
            draft.then(table.part());
            part.write(&mut draft, uid);
            draft.then(")");
        }
        draft.then(" SELECT id FROM hold");
        draft.ready()
    }

    fn hold(&self, draft: &mut Draft, uid: AccountUid) {
        match self.hold {
            Hold::Make(new) => return account::add(draft, new),
            Hold::Gone => {
                draft.then("SELECT 0::bigint AS id");
                return;
            }
            Hold::Found if self.columns.is_empty() && !self.deletes => {
                draft.then("SELECT id FROM account");
            }
            Hold::Raise { .. } | Hold::Found if self.deletes => {
                draft.then("DELETE FROM account");
            }
            Hold::Raise { .. } => {
                draft.then("UPDATE account SET revision = revision + 1");
                self.set_columns(draft, ", ");
            }
            Hold::Found => {
                draft.then("UPDATE account SET ");
                self.set_columns(draft, "");
            }
        }
        draft.then(" WHERE uid = ").value(&uid.as_bytes()[..]);
        if let Hold::Raise { account, expected } = self.hold {
            draft.then(" AND id = ").value(account.0).then(" AND revision = ").value(expected.0);
        }
        if !matches!(self.hold, Hold::Found) || !self.columns.is_empty() || self.deletes {
            draft.then(" RETURNING id");
        }
    }

    fn set_columns(&self, draft: &mut Draft, first: &'static str) {
        let separators = std::iter::once(first).chain(std::iter::repeat(", "));
        for (separator, change) in separators.zip(&self.columns) {
            draft.then(separator);
            account::set(draft, change);
        }
    }
}

/// Whether two changes set the same column, or one reads what the other sets.
fn meddle(one: &Change, other: &Change) -> bool {
    let is_factor = |change| matches!(change, &Change::SetTwoFactor(_) | &Change::SetTotpStep(_));
    discriminant(one) == discriminant(other) || (is_factor(one) && is_factor(other))
}
