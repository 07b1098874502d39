//! Budgets that all nodes share, and that a restart does not forget. The arithmetic is the core's; a
//! row's lock makes taking exact under any number of callers, and rows are locked in the order of
//! their keys, so that callers do not wait for one another in a circle.

use std::collections::BTreeMap;

use account_core::ports::throttle::{Budget, Level, Throttle, ThrottleKey, Verdict};
use account_core::store::StoreResult;
use account_core::time::Timestamp;
use async_trait::async_trait;
use sqlx::postgres::PgRow;

use crate::cells::{Cells, Shape};
use crate::failure::Failure;
use crate::statement::{Draft, Statement};
use crate::store::PostgresStore;
use crate::transaction::{Transaction, Work};

const SHAPE: Shape = Shape::new(1, 0, 3);

statements! {
    // An absent level is made first, as an expired one: there must be a row to lock.
    HOLD_OR_MAKE = "INSERT INTO throttle_level (key, mark, count, expires_at)
             SELECT n.key, 0, 0, -9223372036854775808 FROM unnest($1::bytea[]) AS n (key) ORDER BY n.key
         ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING key, mark, count, expires_at";
    HOLD = "SELECT key, mark, count, expires_at FROM throttle_level WHERE key = ANY($1) ORDER BY key FOR UPDATE";
    SET_LEVELS = "UPDATE throttle_level SET mark = n.mark, count = n.count, expires_at = n.expires_at
             FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[]) AS n (key, mark, count, expires_at)
            WHERE throttle_level.key = n.key";
    REMEMBER = "INSERT INTO throttle_memory (key, expires_at) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET expires_at = excluded.expires_at
          WHERE throttle_memory.expires_at < excluded.expires_at";
    REMEMBERED = "SELECT expires_at FROM throttle_memory WHERE key = $1 AND expires_at > $2";
    FORGET_LEVELS = "WITH expired AS MATERIALIZED (SELECT key FROM throttle_level WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
         gone AS (DELETE FROM throttle_level USING expired WHERE throttle_level.key = expired.key RETURNING 1)
         SELECT count(*) FROM gone";
    FORGET_MEMORIES = "WITH expired AS MATERIALIZED (SELECT key FROM throttle_memory WHERE expires_at <= $1
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
         gone AS (DELETE FROM throttle_memory USING expired WHERE throttle_memory.key = expired.key RETURNING 1)
         SELECT count(*) FROM gone";
}

type Levels = BTreeMap<ThrottleKey, Option<Level>>;

fn held(rows: &[PgRow]) -> Result<Levels, Failure> {
    let read = |row| {
        let mut cells = Cells::at(0, SHAPE, "throttle_level", row);
        let key = cells.bytes(ThrottleKey::from_stored)?;
        let level = Level { mark: cells.time()?, count: cells.small()?, expires_at: cells.time()? };
        let made_now = level.expires_at.as_millis() == i64::MIN;
        Ok((key, (!made_now).then_some(level)))
    };
    rows.iter().map(read).collect()
}

fn keys(budgets: &[Budget]) -> Vec<Vec<u8>> {
    budgets
        .iter()
        .map(|budget| (budget.key, ()))
        .collect::<BTreeMap<_, _>>()
        .keys()
        .map(|key| key.as_bytes().to_vec())
        .collect()
}

fn set(levels: &BTreeMap<ThrottleKey, Level>) -> Result<Statement, Failure> {
    Draft::of(SET_LEVELS)
        .with(levels.keys().map(|key| key.as_bytes().to_vec()).collect::<Vec<_>>())
        .with(levels.values().map(|level| level.mark.as_millis()).collect::<Vec<_>>())
        .with(levels.values().map(|level| i64::from(level.count)).collect::<Vec<_>>())
        .with(levels.values().map(|level| level.expires_at.as_millis()).collect::<Vec<_>>())
        .ready()
}

/// Takes one from every budget, or from none.
struct Take {
    hold: Statement,
    budgets: Vec<Budget>,
    now: Timestamp,
}

impl Work for Take {
    type Answer = Verdict;

    fn is_one_statement(&self) -> bool {
        false
    }

    async fn run(&self, transaction: &mut Transaction) -> Result<Verdict, Failure> {
        let levels = held(&transaction.run(&self.hold).await?)?;
        let held = self.budgets.iter().map(|budget| (levels.get(&budget.key).copied().flatten(), budget));
        match Level::take_all(held, self.now) {
            Ok(taken) => {
                transaction.run(&set(&taken.into_iter().collect())?).await?;
                Ok(Verdict::Taken)
            }
            Err(wait) => Ok(Verdict::Wait(wait)),
        }
    }

    /// A refusal leaves no rows that were made to be locked.
    fn keeps(&self, answer: &Verdict) -> bool {
        matches!(answer, Verdict::Taken)
    }
}

/// Gives one back to every budget that has a level.
struct GiveBack {
    hold: Statement,
    budgets: Vec<Budget>,
    now: Timestamp,
}

impl Work for GiveBack {
    type Answer = ();

    fn is_one_statement(&self) -> bool {
        false
    }

    async fn run(&self, transaction: &mut Transaction) -> Result<(), Failure> {
        let mut levels = held(&transaction.run(&self.hold).await?)?;
        for budget in &self.budgets {
            if let Some(Some(level)) = levels.get_mut(&budget.key) {
                *level = level.give_back(budget, self.now);
            }
        }
        let levels = levels.into_iter().filter_map(|(key, level)| Some((key, level?))).collect();
        transaction.run(&set(&levels)?).await.map(drop)
    }
}

#[async_trait]
impl Throttle for PostgresStore {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        let hold = Draft::of(HOLD_OR_MAKE).with(keys(budgets)).ready()?;
        self.perform(Take { hold, budgets: budgets.to_vec(), now }).await
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        let hold = Draft::of(HOLD).with(keys(budgets)).ready()?;
        self.perform(GiveBack { hold, budgets: budgets.to_vec(), now }).await
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        self.write(Draft::of(REMEMBER).with(&key.as_bytes()[..]).with(until.as_millis())).await.map(drop)
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        let rows = self.ask(Draft::of(REMEMBERED).with(&key.as_bytes()[..]).with(now.as_millis())).await?;
        Ok(!rows.is_empty())
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        let forget = |text| Draft::of(text).with(now.as_millis()).with(i64::from(limit));
        let forgotten = self.count(forget(FORGET_LEVELS)).await?;
        self.count(forget(FORGET_MEMORIES)).await?;
        Ok(forgotten)
    }
}
