//! Connections to the database: at most so many, kept open between uses, handed out one unit of work
//! at a time. The driver's own pool asks the server whether a connection lives whenever it comes back,
//! which halves the rate of point reads; here a connection that turned out dead is dropped instead.

mod dialling;
mod lease;

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::PgConnection;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout, timeout_at};

pub(crate) use dialling::{Dialler, Way};
pub(crate) use lease::Lease;

use crate::failure::Failure;
use crate::open::PostgresOptions;

/// One connection in so many is for questions alone. A write may wait for a lock or the disk, and whoever asks who
/// somebody is must not wait with it.
const LEFT_TO_QUESTIONS: usize = 4;
/// Longer than that, and a firewall on the way may have forgotten the connection.
const LONGEST_IDLE: Duration = Duration::from_secs(300);
/// A connection is made in less, unless the server has no time for it: from then on, one that comes back is as good.
const USUAL_DIALLING: Duration = Duration::from_millis(100);

/// All connections of one store.
pub(crate) struct Connections {
    dialler: Dialler,
    most: usize,
    acquire_timeout: Duration,
    /// The last one that came back is the first to be handed out, so that few stay in use.
    idle: Mutex<Vec<Idle>>,
    came_back: Notify,
    permits: Arc<Semaphore>,
    writing: Arc<Semaphore>,
}

struct Idle {
    connection: PgConnection,
    since: Instant,
}

impl Connections {
    /// Holding the connection that was made to find the way.
    pub(crate) fn new(dialler: Dialler, first: PgConnection, options: &PostgresOptions) -> Arc<Self> {
        let most = usize::try_from(options.max_connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            dialler,
            most,
            acquire_timeout: options.acquire_timeout,
            idle: Mutex::new(vec![Idle { connection: first, since: Instant::now() }]),
            came_back: Notify::new(),
            permits: Arc::new(Semaphore::new(most)),
            writing: Arc::new(Semaphore::new(most.saturating_sub(most / LEFT_TO_QUESTIONS))),
        })
    }

    /// How long anybody waits for a connection.
    pub(crate) fn acquire_timeout(&self) -> Duration {
        self.acquire_timeout
    }

    /// The most connections that are open at once.
    pub(crate) fn most(&self) -> usize {
        self.most
    }

    pub(crate) fn dialler(&self) -> &Dialler {
        &self.dialler
    }

    /// The right to lease connections for one write, until it is dropped, and the first of them, or `Unavailable`
    /// when neither comes free in time.
    pub(crate) async fn lease_to_write(self: &Arc<Self>) -> Result<(OwnedSemaphorePermit, Lease), Failure> {
        let begun = Instant::now();
        let right = permit(&self.writing, self.acquire_timeout).await?;
        let left = self.acquire_timeout.saturating_sub(begun.elapsed());
        Ok((right, self.lease_within(left).await?))
    }

    /// A connection for one unit of work, or `Unavailable` when none comes free in time.
    pub(crate) async fn lease(self: &Arc<Self>) -> Result<Lease, Failure> {
        self.lease_within(self.acquire_timeout).await
    }

    async fn lease_within(self: &Arc<Self>, patience: Duration) -> Result<Lease, Failure> {
        let deadline = || Instant::now().checked_add(self.acquire_timeout);
        let permit = permit(&self.permits, patience).await?;
        if let Some((connection, rested)) = self.take_idle() {
            return Ok(Lease::new(Arc::clone(self), permit, connection, rested));
        }
        let found = match deadline() {
            Some(deadline) => timeout_at(deadline, self.dial_or_come_by())
                .await
                .map_err(|_| Failure::unavailable("the database did not take a connection in time"))?,
            None => self.dial_or_come_by().await,
        };
        let (connection, rested) = found?;
        Ok(Lease::new(Arc::clone(self), permit, connection, rested))
    }

    /// A new connection, or, if that takes long, one that comes back meanwhile: a server that is too busy to
    /// take new ones may well serve those that it has.
    async fn dial_or_come_by(&self) -> Result<(PgConnection, Duration), Failure> {
        let mut dialling = pin!(self.dialler.dial());
        let dialled = match timeout(USUAL_DIALLING, &mut dialling).await {
            Ok(dialled) => dialled,
            Err(_) => tokio::select! {
                dialled = dialling => dialled,
                idle = self.next_idle() => return Ok(idle),
            },
        };
        let connection = dialled.map_err(|error| Failure::unavailable(&error.to_string()))?;
        Ok((connection, Duration::ZERO))
    }

    async fn next_idle(&self) -> (PgConnection, Duration) {
        loop {
            let came_back = self.came_back.notified();
            if let Some(idle) = self.take_idle() {
                return idle;
            }
            came_back.await;
        }
    }

    fn take_idle(&self) -> Option<(PgConnection, Duration)> {
        let mut idle = self.lock();
        let Idle { connection, since } = idle.pop()?;
        let rested = since.elapsed();
        if rested > LONGEST_IDLE {
            // What lies below has rested even longer.
            idle.clear();
            return None;
        }
        Some((connection, rested))
    }

    fn put_idle(&self, connection: PgConnection) {
        self.lock().push(Idle { connection, since: Instant::now() });
        self.came_back.notify_one();
    }

    /// One was dead: the server was restarted, and the others are dead too.
    pub(crate) fn forget_idle(&self) {
        let forgotten = std::mem::take(&mut *self.lock());
        drop(forgotten);
    }

    // A panic while the lock was held leaves a whole list: each change is one call.
    fn lock(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn permit(of: &Arc<Semaphore>, patience: Duration) -> Result<OwnedSemaphorePermit, Failure> {
    let busy = Failure::no_connection_came_free;
    match Arc::clone(of).try_acquire_owned() {
        Ok(permit) => Ok(permit),
        Err(_) => {
            timeout(patience, Arc::clone(of).acquire_owned()).await.map_err(|_| busy())?.map_err(|_| busy())
        }
    }
}
