//! Threads that read while pages come from the disk, so that it is they who wait for it. They start when
//! they are first needed, and most databases never need them.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use account_core::store::{StoreError, StoreResult};

/// How many reads may wait; one more is refused at once, since waiting longer helps nobody.
const MOST_WAITING: usize = 1024;

pub(super) type Reading = Box<dyn FnOnce() + Send>;

pub(super) struct Threads {
    queue: Option<SyncSender<Reading>>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    pub(super) fn start(count: usize) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(MOST_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        let start = |_| {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new().name("account-sqlite-r".into()).spawn(move || read(&waiting))
        };
        let threads = (0..count).map(start).collect::<Result<_, _>>()?;
        Ok(Self { queue: Some(queue), threads })
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
        for thread in self.threads.drain(..) {
            // A panic of the thread was printed when it happened, and there is nobody to tell here.
            drop(thread.join());
        }
    }
}

fn read(waiting: &Mutex<Receiver<Reading>>) {
    loop {
        // The lock is held while waiting for a job, and given on with it.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(reading) => reading(),
            Err(_closed) => return,
        }
    }
}
