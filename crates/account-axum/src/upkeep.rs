//! What must be done now and then while a server runs, on tokio's timers: last uses are written,
//! expired rows taken away, mail delivered. The core has no timer of its own.
//!
//! Nothing rests on it but what a user is shown and sent: what has expired is refused anyway.

use std::sync::Arc;
use std::time::Duration;

use account_core::ports::mailer::Mailer;
use account_core::{Accounts, Error};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

/// Last uses are written so often: a first use shows within five seconds.
const OBSERVATIONS: Duration = Duration::from_secs(1);
/// The outbox is looked at so often.
const MAIL: Duration = Duration::from_secs(1);
/// Expired rows are looked for so often.
const SWEEPS: Duration = Duration::from_secs(60);
/// How long a stop waits for a task that is at work.
const PATIENCE: Duration = Duration::from_secs(5);

/// The running tasks. Dropping it ends them where they are; [`stop`](Self::stop) ends them in order.
#[must_use = "the tasks end when this is dropped"]
#[derive(Debug)]
pub struct Upkeep {
    tasks: JoinSet<()>,
    stop: watch::Sender<bool>,
    accounts: Accounts,
}

/// Starts the tasks on the present tokio runtime. Without a mailer the outbox is left alone.
///
/// ```
/// # async fn example(accounts: account_core::Accounts) {
/// let upkeep = account_axum::upkeep(accounts, None);
/// // … serve …
/// upkeep.stop().await;
/// # }
/// ```
///
/// # Panics
/// Outside of a tokio runtime with timers, as everything that spawns.
pub fn upkeep(accounts: Accounts, mailer: Option<Arc<dyn Mailer>>) -> Upkeep {
    let (stop, stopping) = watch::channel(false);
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
        tasks.spawn(now_and_then("mail", MAIL, stopping, async move || {
            own.deliver_mail(&*mailer).await.map(|delivery| delivery.more)
        }));
    }
    Upkeep { tasks, stop, accounts }
}

impl Upkeep {
    /// Lets the tasks finish what they are at, and writes the last uses of the last requests.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if timeout(PATIENCE, ended).await.is_err() {
            tracing::warn!("a background task did not end in time");
        }
        if let Err(error) = self.accounts.flush_observations().await {
            tracing::warn!(%error, "the last uses of keys and sessions were not written");
        }
    }
}

/// Does `work` every `pause`, and again at once while it says that there is more. Goes on after a
/// failure, and says once that it began to fail and once that it is over.
async fn now_and_then<W>(name: &'static str, pause: Duration, mut stopping: watch::Receiver<bool>, work: W)
where
    W: AsyncFn() -> Result<bool, Error>,
{
    let mut ticks = interval(pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        while !*stopping.borrow() {
            match work().await {
                Ok(more) => {
                    if std::mem::take(&mut failing) {
                        tracing::info!(task = name, "a background task works again");
                    }
                    if !more {
                        break;
                    }
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(task = name, %error, "a background task failed and is tried again");
                    }
                    break;
                }
            }
        }
    }
}
