//! Threads that read while pages come from the disk, so that it is they who wait for it. All but one start when
//! they are first needed, and most databases never need them.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, Builder, JoinHandle};

use account_core::store::{StoreError, StoreResult};

/// How many reads may wait; one more is refused at once, since waiting longer helps nobody.
const MOST_WAITING: usize = 1024;

const NAME: &str = "account-sqlite-r";

pub(super) type Reading = Box<dyn FnOnce() + Send>;

pub(super) struct Threads {
    queue: Option<SyncSender<Reading>>,
    first: Option<JoinHandle<()>>,
}

impl Threads {
    /// Starts the first, which starts the others with its first reading. Not whoever wants that reading does: a
    /// thread inherits the priority of the one that starts it, and a caller's may be low.
    pub(super) fn start(count: usize) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let first = Builder::new().name(NAME.into()).spawn(move || serve(&Mutex::new(waiting), count))?;
        Ok(Self { queue: Some(queue), first: Some(first) })
    }

    pub(super) fn submit(&self, reading: Reading) -> StoreResult<()> {
        let queue =
            self.queue.as_ref().ok_or_else(|| StoreError::Unavailable("the store is closed".into()))?;
        queue.try_send(reading).map_err(|refused| {
            StoreError::Unavailable(match refused {
                TrySendError::Full(_) => "too many reads wait for the disk".into(),
                TrySendError::Disconnected(_) => "the reader threads are gone".into(),
            })
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.first.take() {
            // A panic of the thread was printed when it happened, and there is nobody to tell here.
            drop(thread.join());
        }
    }
}

/// Ends after all have.
fn serve(waiting: &Mutex<Receiver<Reading>>, count: usize) {
    let Some(reading) = next(waiting) else { return };
    thread::scope(|all| {
        for _ in 1..count {
            // Fewer serve as well.
            drop(Builder::new().name(NAME.into()).spawn_scoped(all, || read(waiting)));
        }
        reading();
        read(waiting);
    });
}

fn read(waiting: &Mutex<Receiver<Reading>>) {
    while let Some(reading) = next(waiting) {
        reading();
    }
}

/// The lock is held while waiting for a reading, and given on with it.
fn next(waiting: &Mutex<Receiver<Reading>>) -> Option<Reading> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}
