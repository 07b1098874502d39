//! Changes sorted into as few statements as keep their meaning.
//!
//! The parts of one statement do not see one another's rows, so a statement writes to each table in
//! one way. Changes to different tables do not meddle with each other: each goes into the first
//! statement after the last one that its table was written in, or into that one if they go together.

use std::collections::BTreeMap;

use account_core::id::AccountUid;
use account_core::store::Change;

use super::part::Part;
use super::step::{Hold, Step};
use super::table::Table;
use crate::failure::Failure;
use crate::statement::Statement;

/// The statements of a commit. The first answers with the account's number, or nothing if it is not
/// as expected.
pub(super) fn steps(hold: Hold<'_>, uid: AccountUid, changes: &[Change]) -> Result<Vec<Statement>, Failure> {
    let mut sorting = Sorting::new(hold);
    for part in changes.iter().flat_map(Part::of) {
        sorting.add(part);
    }
    sorting.steps.into_iter().map(|step| step.statement(uid)).collect()
}

struct Sorting<'a> {
    steps: Vec<Step<'a>>,
    /// The last step that writes to each table.
    written: BTreeMap<Table, usize>,
    deleted: Option<usize>,
}

impl<'a> Sorting<'a> {
    fn new(hold: Hold<'a>) -> Self {
        let mut written = BTreeMap::new();
        if matches!(hold, Hold::Make(_)) {
            written.insert(Table::Account, 0);
        }
        Self { steps: vec![Step::new(hold)], written, deleted: None }
    }

    fn add(&mut self, part: Part<'a>) {
        let table = part.table();
        match part {
            Part::DeleteAccount => self.delete(),
            // A change that names a row that is not there changes nothing.
            _ if self.deleted.is_some() && !table.is_beside_the_account() => {}
            part => self.place(table, part),
        }
    }

    /// Puts the part into the first step that may have it.
    fn place(&mut self, table: Table, part: Part<'a>) {
        let mut at = self.written.get(&table).copied().unwrap_or(0);
        while self.steps.get(at).is_some_and(|step| !step.takes(table, &part)) {
            at = at.saturating_add(1);
        }
        self.written.insert(table, at);
        self.at_step(at, |step| step.add(table, part));
    }

    /// The row goes with all that hangs on it and with its mail, so all of that was written before.
    /// What is still written to the outbox comes after.
    fn delete(&mut self) {
        if self.deleted.is_some() {
            return;
        }
        let before = self.written.iter().filter(|(table, _)| **table != Table::Activity);
        let at = before.map(|(_, step)| step.saturating_add(1)).max().unwrap_or(0);
        self.at_step(at, Step::delete_account);
        self.deleted = Some(at);
        self.written.insert(Table::Mail, at.saturating_add(1));
    }

    fn at_step(&mut self, at: usize, then: impl FnOnce(&mut Step<'a>)) {
        while self.steps.len() <= at {
            let hold = if self.deleted.is_some() { Hold::Gone } else { Hold::Found };
            self.steps.push(Step::new(hold));
        }
        if let Some(step) = self.steps.get_mut(at) {
            then(step);
        }
    }
}
