//! One connection in use. However its user ends (an answer, an error, a request that goes away in the
//! middle of a statement), the connection comes back without a transaction, or not at all (REL-08).

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgRow;
use sqlx::{Connection as _, PgConnection, SqlStr};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::{Connections, Way};
use crate::failure::{Failure, Fault};
use crate::statement::Statement;

/// How long an abandoned connection has for coming to rest.
const TIDYING: Duration = Duration::from_secs(2);

/// A connection, and the right to have it.
pub(crate) struct Lease {
    home: Arc<Connections>,
    permit: Option<OwnedSemaphorePermit>,
    connection: Option<PgConnection>,
    rested: Duration,
    in_transaction: bool,
}

impl Lease {
    pub(super) fn new(
        home: Arc<Connections>,
        permit: OwnedSemaphorePermit,
        connection: PgConnection,
        rested: Duration,
    ) -> Self {
        Self { home, permit: Some(permit), connection: Some(connection), rested, in_transaction: false }
    }

    /// How long the connection was not in use.
    pub(crate) fn rested(&self) -> Duration {
        self.rested
    }

    pub(crate) fn way(&self) -> Way {
        self.home.dialler().way()
    }

    /// Runs a statement to its very end: the server is ready for the next, so a statement on its own
    /// is committed.
    pub(crate) async fn run(&mut self, statement: &Statement) -> Result<Vec<PgRow>, Failure> {
        let patience = self.home.dialler().patience();
        let lasting = self.way() == Way::Direct;
        let query = sqlx::query_with(statement.text.clone(), statement.arguments.clone()).persistent(lasting);
        let rows = timeout(patience, query.fetch_all(self.connection()?)).await;
        Ok(rows.map_err(|_| Failure::Late)??)
    }

    /// Asks whether the server is there.
    pub(crate) async fn ping(&mut self) -> Result<(), Failure> {
        let patience = self.home.dialler().patience();
        Ok(timeout(patience, self.connection()?.ping()).await.map_err(|_| Failure::Late)??)
    }

    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        let begin = self.home.dialler().begin();
        self.in_transaction = true;
        self.control(begin).await
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        self.control(SqlStr::from_static("COMMIT")).await?;
        self.in_transaction = false;
        Ok(())
    }

    pub(crate) async fn roll_back(&mut self) -> Result<(), Failure> {
        self.control(SqlStr::from_static("ROLLBACK")).await?;
        self.in_transaction = false;
        Ok(())
    }

    async fn control(&mut self, text: SqlStr) -> Result<(), Failure> {
        let patience = self.home.dialler().patience();
        let outcome = timeout(patience, sqlx::raw_sql(text).execute(self.connection()?)).await;
        outcome.map_err(|_| Failure::Late)??;
        Ok(())
    }

    /// The connection is at rest: somebody else may have it.
    pub(crate) fn give_back(mut self) {
        if let Some(connection) = self.connection.take() {
            self.home.put_idle(connection);
        }
    }

    /// The connection is of no more use, nor are those that rest, if what ailed it ails them.
    pub(crate) fn discard(mut self, failure: &Failure) {
        drop(self.connection.take());
        if failure.casts_doubt_on_others() {
            self.home.forget_idle();
        }
    }

    fn connection(&mut self) -> Result<&mut PgConnection, Failure> {
        self.connection.as_mut().ok_or_else(|| Failure::Lost(Fault::new("the connection was given back")))
    }
}

/// The user went away. The rest of the answer is read, and an open transaction rolled back, before
/// the connection serves anybody else.
impl Drop for Lease {
    fn drop(&mut self) {
        let (Some(mut connection), Some(permit)) = (self.connection.take(), self.permit.take()) else {
            return;
        };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let (home, in_transaction) = (Arc::clone(&self.home), self.in_transaction);
        runtime.spawn(async move {
            let tidy = async {
                if in_transaction {
                    sqlx::raw_sql("ROLLBACK").execute(&mut connection).await?;
                }
                connection.ping().await
            };
            if let Ok(Ok(())) = timeout(TIDYING, tidy).await {
                home.put_idle(connection);
            }
            drop(permit);
        });
    }
}
