//! Durable commits to a SQLite store without a server in between: each writer has an account of its
//! own and commits an audit entry to it, again and again. One writer pays for a sync each time; many
//! share them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use account_core::activity::{Activity, Event};
use account_core::id::ActivityId;
use account_core::ports::entropy::OsEntropy;
use account_core::store::{AccountRepository, AccountState, AccountStore, Change, Commit};
use account_core::time::Timestamp;
use account_sqlite::SqliteStore;
use serde::Serialize;
use tokio::task::JoinSet;

use crate::Outcome;
use crate::command_line::CommitsOptions;
use crate::generate::{Manifest, sqlite_path};
use crate::stopwatch;

/// How many commits in how long.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    writers: usize,
    commits: u64,
    seconds: f64,
    rate: f64,
}

/// Commits for as long as the options say.
///
/// # Errors
/// When the database is none of SQLite, or has fewer usable accounts than there are writers.
pub(crate) async fn run(options: &CommitsOptions) -> Outcome<Report> {
    let path = sqlite_path(&options.database).ok_or("commits are measured on sqlite://FILE")?;
    let usable = Manifest::read(&options.manifest)?.usable.len();
    if options.writers == 0 || options.writers > usable {
        return Err(format!("there are {usable} accounts for {} writers", options.writers).into());
    }
    let store = Arc::new(SqliteStore::open(path)?);
    let mut states = Vec::with_capacity(options.writers);
    for account in store.accounts(None, u32::try_from(options.writers)?).await? {
        states.push(store.state(account.id).await?.ok_or("an account is gone")?);
    }
    let begun = stopwatch::now();
    let end = begun + Duration::try_from_secs_f64(options.seconds)?;
    let mut writers = JoinSet::new();
    for state in states {
        writers.spawn(write(Arc::clone(&store), state, end));
    }
    let mut commits = 0;
    while let Some(ended) = writers.join_next().await {
        commits += ended??;
    }
    let seconds = stopwatch::now().duration_since(begun).as_secs_f64();
    Ok(Report { writers: options.writers, commits, seconds, rate: commits as f64 / seconds })
}

async fn write(store: Arc<SqliteStore>, state: AccountState, end: Instant) -> Outcome<u64> {
    let account = state.account;
    let (mut expected, mut commits) = (account.revision, 0);
    while stopwatch::now() < end {
        let now = Timestamp::from_millis(stopwatch::unix_millis());
        let entry = Activity {
            id: ActivityId::generate(&OsEntropy, now)?,
            subject: Some(account.uid),
            actor: Some(account.uid),
            event: Event::SignedIn,
            ip: None,
            api_key: None,
            properties: Vec::new(),
            description: None,
            at: now,
        };
        let changes = vec![Change::Record(entry)];
        expected = store.commit(&Commit { account: account.id, uid: account.uid, expected, changes }).await?;
        commits += 1;
    }
    Ok(commits)
}
