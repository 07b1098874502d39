//! Budgets that all processes on this database share, and that a restart does not forget. The
//! arithmetic is the core's; the writer thread makes taking exact under any number of callers.

use account_core::ports::throttle::{Budget, Level, Throttle, ThrottleKey, Verdict};
use account_core::store::StoreResult;
use account_core::time::Timestamp;
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::cells;
use crate::failure::Failure;
use crate::store::SqliteStore;

statements! {
    LEVEL = "SELECT mark, count, expires_at FROM throttle_level WHERE key = ?1";
    SET_LEVEL = "INSERT INTO throttle_level (key, mark, count, expires_at) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (key) DO UPDATE SET mark = ?2, count = ?3, expires_at = ?4";
    REMEMBER = "INSERT INTO throttle_memory (key, expires_at) VALUES (?1, ?2)
         ON CONFLICT (key) DO UPDATE SET expires_at = ?2 WHERE expires_at < ?2";
    REMEMBERED = "SELECT expires_at FROM throttle_memory WHERE key = ?1 AND expires_at > ?2";
    FORGET_LEVELS = "DELETE FROM throttle_level WHERE key IN
         (SELECT key FROM throttle_level WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
    FORGET_MEMORIES = "DELETE FROM throttle_memory WHERE key IN
         (SELECT key FROM throttle_memory WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
}

fn level(connection: &Connection, key: &ThrottleKey) -> Result<Option<Level>, Failure> {
    let mut statement = connection.prepare_cached(LEVEL)?;
    cells::one(statement.query(params![key.as_bytes()])?, "throttle_level", |cells| {
        Ok(Level { mark: cells.time()?, count: cells.small()?, expires_at: cells.time()? })
    })
}

fn set_level(connection: &Connection, key: &ThrottleKey, level: Level) -> Result<(), Failure> {
    connection.prepare_cached(SET_LEVEL)?.execute(params![
        key.as_bytes(),
        level.mark.as_millis(),
        level.count,
        level.expires_at.as_millis()
    ])?;
    Ok(())
}

/// Looks at all budgets before it writes to any: one that is used up leaves the others whole.
fn take(connection: &Connection, budgets: &[Budget], now: Timestamp) -> Result<Verdict, Failure> {
    let held = budgets.iter().map(|budget| Ok((level(connection, &budget.key)?, budget)));
    match Level::take_all(held.collect::<Result<Vec<_>, Failure>>()?, now) {
        Ok(taken) => {
            for (key, level) in taken {
                set_level(connection, &key, level)?;
            }
            Ok(Verdict::Taken)
        }
        Err(wait) => Ok(Verdict::Wait(wait)),
    }
}

fn give_back(connection: &Connection, budgets: &[Budget], now: Timestamp) -> Result<(), Failure> {
    for budget in budgets {
        if let Some(level) = level(connection, &budget.key)? {
            set_level(connection, &budget.key, level.give_back(budget, now))?;
        }
    }
    Ok(())
}

#[async_trait]
impl Throttle for SqliteStore {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        let budgets = budgets.to_vec();
        self.write(move |connection| take(connection, &budgets, now)).await
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        let budgets = budgets.to_vec();
        self.write(move |connection| give_back(connection, &budgets, now)).await
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        let key = *key;
        self.write(move |connection| {
            connection.prepare_cached(REMEMBER)?.execute(params![key.as_bytes(), until.as_millis()])?;
            Ok(())
        })
        .await
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        let key = *key;
        self.readers
            .ask(move |connection| {
                Ok(connection.prepare_cached(REMEMBERED)?.exists(params![key.as_bytes(), now.as_millis()])?)
            })
            .await
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        self.write(move |connection| {
            let forgotten =
                connection.prepare_cached(FORGET_LEVELS)?.execute(params![now.as_millis(), limit])?;
            connection.prepare_cached(FORGET_MEMORIES)?.execute(params![now.as_millis(), limit])?;
            Ok(u64::try_from(forgotten).unwrap_or(u64::MAX))
        })
        .await
    }
}
