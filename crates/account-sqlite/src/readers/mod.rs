//! Reading. A point select whose pages are in memory takes microseconds, less than handing it to another
//! thread, so it runs at once on the calling thread. Where reads turn slow, since their pages must come from
//! the disk, they are handed to threads that may wait: an executor has few, and each may carry thousands of
//! requests that need no disk.

mod connections;
mod held_read;
mod pace;
mod threads;
mod wear;

use std::io;
use std::sync::Arc;

use account_core::store::{StoreError, StoreResult};
use futures_channel::oneshot;
use rusqlite::Connection;

use crate::failure::Failure;
use crate::file_identity::FileIdentity;
use crate::open::OpenError;
use connections::Connections;
#[cfg(test)]
pub(crate) use connections::STATEMENTS;
pub(crate) use held_read::HeldRead;
#[cfg(test)]
pub(crate) use held_read::STATEMENTS as OF_THE_HELD_READ;
use threads::Threads;

pub(crate) struct Readers {
    // Ended before the connections they read on are closed.
    threads: Threads,
    connections: Arc<Connections>,
}

impl Readers {
    pub(crate) fn open(
        file: FileIdentity,
        count: usize,
        held_read: Arc<HeldRead>,
    ) -> Result<Self, OpenError> {
        let connections = Arc::new(Connections::open(file, count, held_read)?);
        let threads = Threads::start(connections.count()).map_err(OpenError::Thread)?;
        Ok(Self { threads, connections })
    }

    /// An error once the path names another file than the one that is read, or none.
    pub(crate) fn check_file(&self) -> io::Result<()> {
        self.connections.check_file()
    }

    /// One question. Each statement of it may see another moment.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        if self.connections.are_quick() {
            return self.connections.ask(read);
        }
        let connections = Arc::clone(&self.connections);
        self.elsewhere(move || connections.ask(read)).await
    }

    /// Several statements that all see the same moment.
    pub(crate) async fn ask_in_one_snapshot<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    ) -> StoreResult<T> {
        self.ask(|connection| connections::in_one_snapshot(connection, read)).await
    }

    async fn elsewhere<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> StoreResult<T> + Send + 'static,
    ) -> StoreResult<T> {
        let (reply, answer) = oneshot::channel();
        self.threads.submit(Box::new(move || {
            // A caller that went away does not want to know.
            drop(reply.send(read()));
        }))?;
        answer.await.unwrap_or_else(|gone| Err(StoreError::Unavailable(Box::new(gone))))
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use account_testkit::block_on;

    use super::*;

    fn readers() -> (Readers, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.db");
        drop(crate::SqliteStore::open(&path).unwrap());
        let held_read = Arc::new(HeldRead::open(&path).unwrap());
        (Readers::open(FileIdentity::of(&path).unwrap(), 4, held_read).unwrap(), folder)
    }

    /// Asks something that takes so long; where was it answered?
    fn answered_by(readers: &Readers, time: Duration) -> thread::ThreadId {
        let answer = readers.ask(move |_| {
            thread::park_timeout(time);
            Ok(thread::current().id())
        });
        block_on(answer).unwrap()
    }

    #[test]
    fn quick_reads_are_answered_where_they_are_asked() {
        let (readers, _folder) = readers();
        for _ in 0..100 {
            // A busy machine makes a read long that is none.
            (0..100).for_each(|_| readers.connections.pace.saw(Duration::ZERO));
            assert_eq!(answered_by(&readers, Duration::ZERO), thread::current().id());
        }
    }

    #[test]
    fn slow_reads_keep_no_caller_and_quick_ones_come_back_to_it() {
        let (readers, _folder) = readers();
        let here = thread::current().id();
        let slow = Duration::from_millis(2);
        let elsewhere = (0..100).position(|_| answered_by(&readers, slow) != here);
        assert!(elsewhere.is_some_and(|reads| reads < 10), "{elsewhere:?}");
        let back = (0..1000).position(|_| answered_by(&readers, Duration::ZERO) == here);
        assert!(back.is_some(), "the pages are in memory by now");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn slow_reads_have_the_usual_priority_whoever_asks_first() {
        let niceness = || rustix::process::nice(0).unwrap();
        let (readers, _folder) = readers();
        let asking = thread::spawn(move || {
            rustix::process::nice(5).unwrap();
            let here = thread::current().id();
            let slow = || {
                let answer = readers.ask(move |_| {
                    thread::park_timeout(Duration::from_millis(2));
                    Ok((thread::current().id(), niceness()))
                });
                block_on(answer).unwrap()
            };
            (0..100).map(|_| slow()).filter(|(thread, _)| *thread != here).collect::<Vec<_>>()
        });
        let elsewhere = asking.join().unwrap();
        assert!(elsewhere.len() > 50, "{}", elsewhere.len());
        assert!(elsewhere.iter().all(|(_, found)| *found == niceness()), "{elsewhere:?}");
    }
}
