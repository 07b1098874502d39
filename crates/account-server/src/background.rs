//! What must be done now and then while the server runs: last uses are written, expired rows taken away,
//! mail delivered. Each task goes on after a failure, says so once, and ends when the server stops.

use std::sync::Arc;
use std::time::Duration;

use account_core::ports::mailer::Mailer;
use account_core::{Accounts, Error};
use tokio::task::JoinSet;

use crate::serving::Stopping;

/// Last uses are written so often.
const OBSERVATIONS: Duration = Duration::from_secs(1);
/// The outbox is looked at so often.
const MAIL: Duration = Duration::from_secs(1);
/// Expired rows are looked for so often.
const SWEEPS: Duration = Duration::from_secs(60);

/// The running tasks.
pub(crate) struct Background {
    tasks: JoinSet<()>,
    accounts: Accounts,
}

impl Background {
    /// Starts the tasks; they end by themselves when a stop is asked for.
    pub(crate) fn start(accounts: &Accounts, mailer: Option<Arc<dyn Mailer>>, stopping: &Stopping) -> Self {
        let mut tasks = JoinSet::new();
        let own = accounts.clone();
        tasks.spawn(now_and_then("last uses", OBSERVATIONS, stopping.clone(), async move || {
            own.flush_observations().await.map(|()| false)
        }));
        let own = accounts.clone();
        tasks.spawn(now_and_then("sweep", SWEEPS, stopping.clone(), async move || {
            own.sweep().await.map(|swept| swept.more)
        }));
        if let Some(mailer) = mailer {
            let own = accounts.clone();
            tasks.spawn(now_and_then("mail", MAIL, stopping.clone(), async move || {
                own.deliver_mail(&*mailer).await.map(|delivery| delivery.more)
            }));
        }
        Self { tasks, accounts: accounts.clone() }
    }

    /// Waits for the tasks, which are ending, and writes the last uses of the last requests.
    pub(crate) async fn finish(mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(Duration::from_secs(5), ended).await.is_err() {
            tracing::warn!("a background task did not end in time");
        }
        if let Err(error) = self.accounts.flush_observations().await {
            tracing::warn!(%error, "the last uses of keys and sessions were not written");
        }
    }
}

/// Does `work` every `pause`, and again at once while it says that there is more.
async fn now_and_then<W>(name: &'static str, pause: Duration, mut stopping: Stopping, work: W)
where
    W: AsyncFn() -> Result<bool, Error>,
{
    let mut failing = false;
    loop {
        tokio::select! {
            () = stopping.asked() => return,
            () = tokio::time::sleep(pause) => {}
        }
        loop {
            match work().await {
                Ok(more) => {
                    failing = false;
                    if !more || stopping.is_asked() {
                        break;
                    }
                }
                Err(error) => {
                    if !failing {
                        tracing::warn!(task = name, %error, "a background task failed and is tried again");
                    }
                    failing = true;
                    break;
                }
            }
        }
    }
}
