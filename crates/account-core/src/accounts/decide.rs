//! The loop that every operation goes through: read, decide, commit; again if others were faster.

use crate::accounts::Accounts;
use crate::activity::Activity;
use crate::error::Error;
use crate::id::AccountId;
use crate::principal::Actor;
use crate::store::{AccountState, Change, Commit, StoreError, UniqueKey};
use crate::time::Timestamp;

/// A failed attempt means that another commit to the same account succeeded. Within a process
/// decisions take turns, so only as many are lost as other nodes have writers on one account.
const ATTEMPTS: usize = 64;

/// What an operation decided: the changes to commit, and the answer to give once they stand. A
/// refusal may commit changes too (a try used up), so the answer is a [`Result`].
pub(crate) struct Decision<T> {
    pub(crate) changes: Vec<Change>,
    pub(crate) answer: Result<T, Error>,
}

impl<T> Decision<T> {
    /// Nothing to write.
    pub(crate) fn unchanged(answer: T) -> Self {
        Self { changes: Vec::new(), answer: Ok(answer) }
    }

    pub(crate) fn refused(error: Error) -> Self {
        Self { changes: Vec::new(), answer: Err(error) }
    }

    pub(crate) fn committed(changes: Vec<Change>, answer: T) -> Self {
        Self { changes, answer: Ok(answer) }
    }
}

/// Lets a rule use `?`.
impl<T> From<Result<(Vec<Change>, T), Error>> for Decision<T> {
    fn from(decided: Result<(Vec<Change>, T), Error>) -> Self {
        match decided {
            Ok((changes, answer)) => Self::committed(changes, answer),
            Err(error) => Self::refused(error),
        }
    }
}

/// Why a decision did not stand, with a taken name told apart: whoever minted it may mint another.
pub(crate) enum Undecided {
    Taken(UniqueKey),
    Refused(Error),
}

impl From<Undecided> for Error {
    fn from(undecided: Undecided) -> Self {
        match undecided {
            Undecided::Taken(key) => StoreError::Taken(key).into(),
            Undecided::Refused(error) => error,
        }
    }
}

impl From<Error> for Undecided {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl Accounts {
    pub(crate) async fn decide<T: Send>(
        &self,
        who: Actor<'_>,
        rule: impl Fn(&AccountState, Timestamp) -> Decision<T> + Send + Sync,
    ) -> Result<T, Error> {
        Ok(self.decide_unless_taken(who, rule).await?)
    }

    pub(crate) async fn decide_unless_taken<T: Send>(
        &self,
        who: Actor<'_>,
        rule: impl Fn(&AccountState, Timestamp) -> Decision<T> + Send + Sync,
    ) -> Result<T, Undecided> {
        let _turn = self.inner.turns.take(who.account()).await;
        for _ in 0..ATTEMPTS {
            let seen = self.inner.store.state(who.account()).await.map_err(Error::from)?;
            let seen = seen.ok_or_else(|| who.without_account())?;
            let now = self.inner.clock.now();
            who.still_stands(&seen, now, &self.inner.policy)?;
            let Decision { changes, answer } = rule(&seen, now);
            if changes.is_empty() {
                return answer.map_err(Undecided::Refused);
            }
            let commit = seen.commit(changes);
            match self.inner.store.commit(&commit).await {
                Ok(_) => {
                    self.tell(&commit);
                    return answer.map_err(Undecided::Refused);
                }
                Err(StoreError::Stale) => {}
                Err(StoreError::Taken(key)) => return Err(Undecided::Taken(key)),
                Err(other) => return Err(Undecided::Refused(other.into())),
            }
        }
        Err(Undecided::Refused(Error::Contended))
    }

    /// Puts an entry on the audit trail that no commit carries.
    pub(crate) async fn record(&self, id: Option<AccountId>, entry: Activity) -> Result<(), Error> {
        let entries = [entry];
        self.inner.store.record(&entries).await?;
        if let (Some(listener), [entry]) = (&self.inner.listener, &entries) {
            listener.recorded(id, entry);
        }
        Ok(())
    }

    fn tell(&self, commit: &Commit) {
        let Some(listener) = &self.inner.listener else { return };
        let entries: Vec<&Activity> = commit.changes.iter().filter_map(Change::entry).collect();
        listener.committed(commit.account, commit.uid, &entries);
    }
}
