//! The write-ahead log beside the database: it must not grow with what was ever written.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use account_core::store::{AccountRepository as _, AccountStore as _};
use account_sqlite::SqliteStore;

use crate::fixture::{activity, registered, uid, wait};

/// A quarter more than keeps a writer waiting, and less than half of what each test writes: over six pages for an
/// entry.
const BOUND: u64 = 40 << 20;

fn size(path: &Path) -> u64 {
    path.with_extension("db-wal").metadata().unwrap().len()
}

#[test]
fn the_log_begins_anew_under_reads_that_never_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let store = SqliteStore::open(&path).unwrap();
    let id = registered(&store, 1);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    wait(store.account(id)).unwrap().unwrap();
                }
            });
        }
        for number in 0..4000 {
            wait(store.record(&[activity(number, uid(1), 4000)])).unwrap();
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(size(&path) < BOUND, "{} bytes", size(&path));
}

#[test]
fn a_store_that_only_reads_lets_another_s_log_begin_anew_with_its_next_write() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("account.db");
    let (reading, writing) = (SqliteStore::open(&path).unwrap(), SqliteStore::open(&path).unwrap());
    let id = registered(&writing, 1);
    for number in 0..4000 {
        wait(writing.record(&[activity(number, uid(1), 4000)])).unwrap();
        assert!(wait(reading.account(id)).unwrap().is_some());
        if number % 500 == 499 {
            wait(reading.ready()).unwrap();
        }
    }
    assert!(size(&path) < BOUND, "{} bytes", size(&path));
}
