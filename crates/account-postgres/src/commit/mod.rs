//! The recipe of the contract: the account's row first, then the changes in order. Most commits are
//! one statement and one round trip, which is a transaction by itself; the others are a few.
//!
//! The update that raises the revision waits for whoever changes the account meanwhile, and looks at
//! the revision again after that. Whoever got past it sees all that was committed to the account
//! before, so what hangs on the row may be changed in the same statement. An insert that merely
//! selected the revision would not be safe: it reads a row that another transaction is just changing.

mod part;
mod step;
mod steps;
mod table;

use account_core::account::NewAccount;
use account_core::id::{AccountId, Revision};
use account_core::store::{Change, Commit, StoreError};

use crate::cells;
use crate::failure::Failure;
use crate::statement::Statement;
use crate::transaction::{Transaction, Work};

use step::Hold;
use steps::steps;

/// Changes to an account, ready to run.
pub(crate) struct Committing {
    statements: Vec<Statement>,
    raised: Revision,
}

impl Committing {
    pub(crate) fn new(commit: &Commit) -> Result<Self, Failure> {
        let hold = Hold::Raise { account: commit.account, expected: commit.expected };
        let statements = steps(hold, commit.uid, &commit.changes)?;
        Ok(Self { statements, raised: commit.expected.next() })
    }

    #[cfg(test)]
    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Work for Committing {
    type Answer = Revision;

    fn is_one_statement(&self) -> bool {
        self.statements.len() == 1
    }

    async fn run(&self, transaction: &mut Transaction) -> Result<Revision, Failure> {
        run(&self.statements, transaction).await?.map(|_| self.raised).ok_or(StoreError::Stale.into())
    }
}

/// A new account and changes to it, ready to run.
pub(crate) struct Registering {
    statements: Vec<Statement>,
}

impl Registering {
    pub(crate) fn new(new: &NewAccount, changes: &[Change]) -> Result<Self, Failure> {
        Ok(Self { statements: steps(Hold::Make(new), new.uid, changes)? })
    }

    #[cfg(test)]
    pub(crate) fn statements(&self) -> &[Statement] {
        &self.statements
    }
}

impl Work for Registering {
    type Answer = AccountId;

    fn is_one_statement(&self) -> bool {
        self.statements.len() == 1
    }

    async fn run(&self, transaction: &mut Transaction) -> Result<AccountId, Failure> {
        let made = run(&self.statements, transaction).await?;
        made.ok_or_else(|| Failure::unavailable("the database made no account, and no error"))
    }
}

/// Runs the first statement, and the others if it found the account as expected; answers its number.
async fn run(statements: &[Statement], transaction: &mut Transaction) -> Result<Option<AccountId>, Failure> {
    let Some((first, others)) = statements.split_first() else { return Ok(None) };
    let rows = transaction.run(first).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let account = AccountId(cells::lone_number(row, "account")?);
    for statement in others {
        transaction.run(statement).await?;
    }
    Ok(Some(account))
}
