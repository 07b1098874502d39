//! Units of work: a question, and a write that runs to its end in a task of its own, whatever becomes
//! of the request that wanted it (REL-08). What the database undid for the sake of others is run again,
//! a bounded number of times; a commit whose outcome is unknown never is (REL-06, REL-07).

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::time::Duration;

use account_core::store::{StoreError, StoreResult};
use sqlx::postgres::PgRow;

use crate::connections::{Connections, Lease, Way};
use crate::failure::Failure;
use crate::statement::{Draft, Statement};

/// How often a unit of work is begun in all.
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(4);
/// A connection that has rested for longer is asked whether it lives before it carries a write: if
/// it were found dead by the write, nobody would know what came of it.
const TRUSTED_REST: Duration = Duration::from_secs(1);

/// One write: its statements, and what is decided between them.
pub(crate) trait Work: Send + Sync + 'static {
    type Answer: Send + 'static;

    /// A single statement is a transaction by itself, without a round trip to begin and one to end it.
    fn is_one_statement(&self) -> bool;

    /// Runs once in each attempt. An error rolls back.
    fn run(
        &self,
        transaction: &mut Transaction,
    ) -> impl Future<Output = Result<Self::Answer, Failure>> + Send;

    /// Whether what was written under this answer shall stand. Asked only of several statements.
    fn keeps(&self, _answer: &Self::Answer) -> bool {
        true
    }
}

/// A transaction, open or implied by its only statement.
pub(crate) struct Transaction {
    lease: Lease,
    implied: bool,
}

impl Transaction {
    async fn begin(mut lease: Lease, one_statement: bool) -> Result<Self, Failure> {
        let implied = one_statement && lease.way() == Way::Direct;
        let begun = match implied {
            true if lease.rested() <= TRUSTED_REST => Ok(()),
            true => lease.ping().await,
            false => lease.begin().await,
        };
        match begun {
            Ok(()) => Ok(Self { lease, implied }),
            Err(failure) => {
                lease.discard(&failure);
                Err(failure)
            }
        }
    }

    pub(crate) async fn run(&mut self, statement: &Statement) -> Result<Vec<PgRow>, Failure> {
        let outcome = self.lease.run(statement).await;
        if self.implied { outcome.map_err(Failure::at_commit) } else { outcome }
    }

    /// Ends it as its work ended.
    async fn end<T>(
        mut self,
        outcome: Result<T, Failure>,
        keeps: impl FnOnce(&T) -> bool,
    ) -> Result<T, Failure> {
        match outcome {
            Ok(answer) if !self.implied && !keeps(&answer) => {
                self.undo().await;
                Ok(answer)
            }
            Ok(answer) => {
                if !self.implied
                    && let Err(failure) = self.lease.commit().await
                {
                    let failure = failure.at_commit();
                    self.lease.discard(&failure);
                    return Err(failure);
                }
                self.lease.give_back();
                Ok(answer)
            }
            Err(failure) if is_over(&failure) => {
                self.lease.discard(&failure);
                Err(failure)
            }
            Err(failure) => {
                self.undo().await;
                Err(failure)
            }
        }
    }

    /// A connection that cannot be brought to rest is not given back.
    async fn undo(mut self) {
        let undone = if self.implied { Ok(()) } else { self.lease.roll_back().await };
        match undone {
            Ok(()) => self.lease.give_back(),
            Err(failure) => self.lease.discard(&failure),
        }
    }
}

/// Whether no more can be said over the connection.
fn is_over(failure: &Failure) -> bool {
    failure.spoils_the_connection() || matches!(failure, Failure::Verdict(StoreError::OutcomeUnknown(_)))
}

/// The rows of a question.
pub(crate) async fn ask(connections: &Arc<Connections>, question: Draft) -> Result<Vec<PgRow>, Failure> {
    let question = question.ready()?;
    let mut attempts = Attempts::default();
    loop {
        match ask_once(connections, &question).await {
            Err(failure) if attempts.another_question(&failure).await => {}
            outcome => return outcome,
        }
    }
}

async fn ask_once(connections: &Arc<Connections>, question: &Statement) -> Result<Vec<PgRow>, Failure> {
    let mut lease = connections.lease().await?;
    if lease.way() == Way::Pooled {
        let mut transaction = Transaction::begin(lease, false).await?;
        let rows = transaction.run(question).await;
        return transaction.end(rows, |_| true).await;
    }
    match lease.run(question).await {
        Err(failure) if failure.spoils_the_connection() => {
            lease.discard(&failure);
            Err(failure)
        }
        outcome => {
            lease.give_back();
            outcome
        }
    }
}

/// Performs a write. Dropping the future does not stop it once a connection is found.
pub(crate) async fn perform<W: Work>(connections: &Arc<Connections>, work: W) -> StoreResult<W::Answer> {
    let (right, lease) = connections.lease_to_write().await.map_err(Failure::into_store_error)?;
    let connections = Arc::clone(connections);
    let task = tokio::spawn(async move {
        let outcome = attempt(&connections, lease, &work).await;
        drop(right);
        outcome
    });
    match task.await {
        Ok(outcome) => outcome.map_err(Failure::into_store_error),
        // The runtime is shutting down.
        Err(stopped) => Err(StoreError::OutcomeUnknown(Box::new(stopped))),
    }
}

async fn attempt<W: Work>(
    connections: &Arc<Connections>,
    first: Lease,
    work: &W,
) -> Result<W::Answer, Failure> {
    let mut attempts = Attempts::default();
    let mut lease = first;
    loop {
        let outcome = match Transaction::begin(lease, work.is_one_statement()).await {
            Err(failure) if attempts.another_beginning(&failure) => {
                lease = connections.lease().await?;
                continue;
            }
            Err(failure) => Err(failure),
            Ok(mut transaction) => {
                let outcome = work.run(&mut transaction).await;
                transaction.end(outcome, |answer| work.keeps(answer)).await
            }
        };
        match outcome {
            Err(failure) if attempts.another_write(&failure).await => lease = connections.lease().await?,
            outcome => return outcome,
        }
    }
}

/// What may be tried again, and how often.
#[derive(Default)]
struct Attempts {
    repeated: u32,
    refreshed: bool,
}

impl Attempts {
    async fn another_question(&mut self, failure: &Failure) -> bool {
        (failure.is_lost() && self.refresh()) || self.another_write(failure).await
    }

    /// Nothing was written yet.
    fn another_beginning(&mut self, failure: &Failure) -> bool {
        failure.is_lost() && self.refresh()
    }

    async fn another_write(&mut self, failure: &Failure) -> bool {
        if failure.wants_a_fresh_connection() {
            return self.refresh();
        }
        self.repeated = self.repeated.saturating_add(1);
        if !failure.is_worth_repeating() || self.repeated >= ATTEMPTS {
            return false;
        }
        tokio::time::sleep(pause(self.repeated)).await;
        true
    }

    /// A connection that was found dead is replaced once: a second one that dies is no accident.
    fn refresh(&mut self) -> bool {
        !std::mem::replace(&mut self.refreshed, true)
    }
}

/// Doubled each time, and between half and one and a half of that, so that rivals part.
fn pause(repeated: u32) -> Duration {
    let middle = FIRST_PAUSE.saturating_mul(1_u32.checked_shl(repeated.min(10)).unwrap_or(1));
    let percent = u32::try_from(RandomState::new().hash_one(repeated) % 100).unwrap_or(50);
    middle.saturating_mul(percent.saturating_add(50)).checked_div(100).unwrap_or(middle)
}

/// A write of one fixed statement, which answers with its rows.
pub(crate) struct Alone(Statement);

impl Alone {
    pub(crate) fn new(statement: Draft) -> Result<Self, Failure> {
        Ok(Self(statement.ready()?))
    }
}

impl Work for Alone {
    type Answer = Vec<PgRow>;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, transaction: &mut Transaction) -> Result<Vec<PgRow>, Failure> {
        transaction.run(&self.0).await
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        failure.into_store_error()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Fault;

    #[test]
    fn pauses_grow_and_stay_short() {
        for repeated in 0..20 {
            assert!(pause(repeated) <= FIRST_PAUSE * 1024 * 2);
        }
        assert!(pause(5) > pause(1));
    }

    #[tokio::test(start_paused = true)]
    async fn rel_06_what_is_no_conflict_is_not_repeated() {
        let mut attempts = Attempts::default();
        assert!(!attempts.another_write(&Failure::Late).await);
        assert!(!attempts.another_write(&Failure::Lost(Fault::new("gone"))).await);
        assert!(!attempts.another_write(&Failure::unavailable("no")).await);
    }
}
