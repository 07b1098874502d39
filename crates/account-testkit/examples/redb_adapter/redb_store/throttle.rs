//! Budgets that outlive a restart. The arithmetic is the core's; here is only what it is about. A store
//! need not be a throttle: the core has one in memory. But limits that a restart forgets invite one.

use account_core::ports::throttle::{Budget, Level, Throttle, ThrottleKey, Verdict};
use account_core::store::StoreResult;
use account_core::time::Timestamp;
use async_trait::async_trait;
use redb::{ReadableTable, Table, TableDefinition, WriteTransaction};

use super::RedbStore;
use super::failure::Failure;

type Written = &'static [u8; 32];

/// Mark, count, and when it may be forgotten.
const LEVELS: TableDefinition<'static, Written, (i64, u32, i64)> = TableDefinition::new("throttle_level");
/// Until when.
const MEMORIES: TableDefinition<'static, Written, i64> = TableDefinition::new("throttle_memory");

pub(super) fn make_tables(transaction: &WriteTransaction) -> Result<(), Failure> {
    transaction.open_table(LEVELS)?;
    transaction.open_table(MEMORIES)?;
    Ok(())
}

type Levels<'a> = Table<'a, Written, (i64, u32, i64)>;

fn level(levels: &Levels<'_>, key: &ThrottleKey) -> Result<Option<Level>, Failure> {
    Ok(levels.get(key.as_bytes())?.map(|level| {
        let (mark, count, expires_at) = level.value();
        Level { mark: Timestamp::from_millis(mark), count, expires_at: Timestamp::from_millis(expires_at) }
    }))
}

fn set_level(levels: &mut Levels<'_>, key: &ThrottleKey, level: Level) -> Result<(), Failure> {
    let written = (level.mark.as_millis(), level.count, level.expires_at.as_millis());
    levels.insert(key.as_bytes(), written)?;
    Ok(())
}

/// Looks at all budgets before it writes to any: one that is used up leaves the others whole.
fn take(transaction: &WriteTransaction, budgets: &[Budget], now: Timestamp) -> Result<Verdict, Failure> {
    let mut levels = transaction.open_table(LEVELS)?;
    let mut known = Vec::with_capacity(budgets.len());
    for budget in budgets {
        known.push((level(&levels, &budget.key)?, budget));
    }
    match Level::take_all(known, now) {
        Ok(taken) => {
            for (key, level) in taken {
                set_level(&mut levels, &key, level)?;
            }
            Ok(Verdict::Taken)
        }
        Err(wait) => Ok(Verdict::Wait(wait)),
    }
}

fn give_back(transaction: &WriteTransaction, budgets: &[Budget], now: Timestamp) -> Result<(), Failure> {
    let mut levels = transaction.open_table(LEVELS)?;
    for budget in budgets {
        if let Some(level) = level(&levels, &budget.key)? {
            set_level(&mut levels, &budget.key, level.give_back(budget, now))?;
        }
    }
    Ok(())
}

#[async_trait]
impl Throttle for RedbStore {
    async fn take(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<Verdict> {
        let budgets = budgets.to_vec();
        self.write(move |transaction| take(transaction, &budgets, now)).await
    }

    async fn give_back(&self, budgets: &[Budget], now: Timestamp) -> StoreResult<()> {
        let budgets = budgets.to_vec();
        self.write(move |transaction| give_back(transaction, &budgets, now)).await
    }

    async fn remember(&self, key: &ThrottleKey, until: Timestamp) -> StoreResult<()> {
        let key = *key;
        self.write(move |transaction| {
            let mut memories = transaction.open_table(MEMORIES)?;
            let known = memories.get(key.as_bytes())?.map_or(i64::MIN, |until| until.value());
            memories.insert(key.as_bytes(), known.max(until.as_millis()))?;
            Ok(())
        })
        .await
    }

    async fn remembers(&self, key: &ThrottleKey, now: Timestamp) -> StoreResult<bool> {
        self.ask(|snapshot| {
            let until = snapshot.open_table(MEMORIES)?.get(key.as_bytes())?;
            Ok(until.is_some_and(|until| until.value() > now.as_millis()))
        })
    }

    async fn sweep(&self, now: Timestamp, limit: u32) -> StoreResult<u64> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.write(move |transaction| {
            let mut forgotten = 0;
            let mut levels = transaction.open_table(LEVELS)?;
            for level in levels.extract_if(|_, (_, _, until)| until <= now.as_millis())?.take(limit) {
                level?;
                forgotten += 1;
            }
            let mut memories = transaction.open_table(MEMORIES)?;
            for memory in memories.extract_if(|_, until| until <= now.as_millis())?.take(limit) {
                memory?;
            }
            Ok(forgotten)
        })
        .await
    }
}
