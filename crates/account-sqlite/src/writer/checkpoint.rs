//! Bringing the log into the database, beside the writer. Copying pages is quick; what takes long is the disk,
//! which must have all of them before the log may begin anew. SQLite waits for the disk in the pass that
//! reaches the log's end, and a writer that never rests moves that end on. So while few pages are left, the
//! writer is held up for the moment that copying them takes, and goes on while the disk works. Every round
//! leaves less; the last pass is the writer's own, between two commits, and its next commit begins anew.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;

use super::gate::{Gate, Writing};
use crate::connection::pause;
use crate::open::OpenError;

/// The log is brought into the database when it has a page for every so many of the database. A page that many
/// commits touched is then written once, and the larger the database, the more pages its callers touch in turn.
const DATABASE_PAGES: i64 = 16;
/// 16 MiB, also for the smallest.
const SHORTEST: i64 = 4096;
/// 128 MiB. A longer one costs each read that has to look for a page in it what it saves in bringing it in.
const LONGEST: i64 = 32_768;
/// A log that grows by so many pages more, or to twice its length, keeps the writer waiting until it is brought in.
/// It is never much longer, and that is what is read again after a crash.
const MOST_MORE: i64 = 8192;
/// So many are copied while the writer waits at the gate.
const FEW_PAGES: i64 = 256;
/// After so many rounds the writer does what is left, however much.
const ROUNDS: u32 = 8;

/// How often a pass is tried while the writer waits.
const TRIES: u32 = 4;
/// How long another store's pass takes, or less.
const MOMENT: Duration = Duration::from_millis(5);

/// Waits for nobody, neither readers nor a writer.
const PASS: &str = "PRAGMA wal_checkpoint(PASSIVE)";

thread_local! {
    /// Pages in the log after this thread's last commit. A hook of rusqlite's carries nothing of its own.
    static LENGTH: Cell<i64> = const { Cell::new(0) };
}

pub(super) struct Checkpoints {
    shared: Arc<Shared>,
    queue: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    asked: Cell<bool>,
    /// At how many pages the present log is brought in.
    due: Cell<i64>,
}

struct Shared {
    gate: Gate,
    connection: Mutex<Connection>,
    length: AtomicI64,
    done: AtomicBool,
}

impl Checkpoints {
    /// Starts the thread, and watches the log that `writer` writes.
    pub(super) fn start(writer: &Connection, beside: Connection) -> Result<Self, OpenError> {
        writer.wal_hook(Some(|_, pages| {
            LENGTH.set(i64::from(pages));
            Ok(())
        }));
        let shared = Arc::new(Shared {
            gate: Gate::default(),
            connection: Mutex::new(beside),
            length: AtomicI64::new(0),
            done: AtomicBool::new(false),
        });
        let (queue, asked) = sync_channel(1);
        let of_the_thread = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("account-sqlite-c".into())
            .spawn(move || of_the_thread.serve(&asked))
            .map_err(OpenError::Thread)?;
        let due = Cell::new(due_at(database_pages(writer)));
        Ok(Self { shared, queue: Some(queue), thread: Some(thread), asked: Cell::new(false), due })
    }

    /// Before each batch.
    pub(super) fn begin_batch(&self) -> Writing<'_> {
        self.shared.gate.enter()
    }

    /// After each batch, while this process keeps no read open.
    pub(super) fn end_batch(&self, writer: &Connection) {
        let (length, due) = (LENGTH.get(), self.due.get());
        self.shared.length.store(length, Ordering::Relaxed);
        if length < due {
            if self.asked.replace(false) {
                self.due.set(due_at(database_pages(writer)));
            }
        } else if length >= due.saturating_add(due.min(MOST_MORE)) {
            let _alone = self.shared.connection.lock().unwrap_or_else(PoisonError::into_inner);
            for _ in 0..TRIES {
                if Pass::by(writer).is_some() {
                    break;
                }
                // Another store's pass is under way.
                pause(MOMENT);
            }
        } else if !self.asked.replace(true) {
            self.shared.done.store(false, Ordering::Relaxed);
            // If it is still at work for an earlier log, that will do.
            self.queue.as_ref().map(|queue| queue.try_send(()));
        } else if self.shared.done.load(Ordering::Relaxed) {
            Pass::by(writer);
        }
    }
}

/// The thread ends when it has done what it was asked for last.
impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the thread was printed when it happened, and there is nobody to tell here.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn serve(&self, asked: &Receiver<()>) {
        while asked.recv().is_ok() {
            self.bring_in();
            self.done.store(true, Ordering::Relaxed);
        }
    }

    /// All but a few pages, or what is possible.
    fn bring_in(&self) -> Option<()> {
        for _ in 0..ROUNDS {
            if self.left_by(self.pass()?) > FEW_PAGES {
                continue;
            }
            let end = self.pass_to_the_end()?;
            if self.left_by(end) <= FEW_PAGES {
                break;
            }
        }
        Some(())
    }

    /// While the writer waits, if not for long. A read that began before the last commit keeps a pass from the
    /// end, and is over in a moment.
    fn pass_to_the_end(&self) -> Option<Pass> {
        let _closed = self.gate.close();
        let mut pass = self.pass()?;
        for _ in 1..TRIES {
            if pass.brought >= pass.log {
                break;
            }
            pass = self.pass()?;
        }
        Some(pass)
    }

    fn pass(&self) -> Option<Pass> {
        Pass::by(&self.connection.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many pages came meanwhile.
    fn left_by(&self, pass: Pass) -> i64 {
        self.length.load(Ordering::Relaxed).saturating_sub(pass.brought)
    }
}

/// At how many pages the log of a database of so many is brought in.
fn due_at(database_pages: i64) -> i64 {
    database_pages.checked_div(DATABASE_PAGES).unwrap_or_default().clamp(SHORTEST, LONGEST)
}

/// Where it cannot be read, nothing can be written either.
fn database_pages(connection: &Connection) -> i64 {
    connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap_or_default()
}

/// How many pages the log had, and how many of them are in the database now.
#[derive(Debug, Clone, Copy)]
struct Pass {
    log: i64,
    brought: i64,
}

impl Pass {
    /// Nothing if another program brings the log in, or the disk fails: then the writer tries again after each
    /// commit, and the log grows meanwhile.
    fn by(connection: &Connection) -> Option<Self> {
        let mut statement = connection.prepare_cached(PASS).ok()?;
        let row = statement.query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?)));
        row.ok().and_then(|(busy, log, brought)| (busy == 0).then_some(Self { log, brought }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_a_sixteenth_of_its_database_within_its_bounds() {
        for (database, log) in
            [(0, 4096), (65_536, 4096), (160_000, 10_000), (524_288, 32_768), (i64::MAX, 32_768)]
        {
            assert_eq!(due_at(database), log, "{database}");
        }
    }
}
