//! The memory store with a fault, and the pause in which others pass.

use std::sync::Mutex;

use account_core::account::Account;
use account_core::api_key::{ApiKeyIdentifier, StoredApiKey};
use account_core::id::Digest;
use account_core::session::StoredSession;

use super::Fault;
use crate::memory_store::{MemoryStore, Model};

pub(super) struct Planted {
    pub(super) inner: MemoryStore,
    pub(super) fault: Fault,
    pub(super) aside: Mutex<Aside>,
}

/// What a fault remembers.
#[derive(Default)]
pub(super) struct Aside {
    pub(super) sessions: Vec<(Digest, StoredSession, Account)>,
    pub(super) accounts: Vec<Account>,
    pub(super) locked: bool,
    pub(super) look_ups: Vec<(ApiKeyIdentifier, Option<(StoredApiKey, Account)>)>,
}

impl Planted {
    pub(super) fn new(fault: Fault) -> Self {
        Self { inner: MemoryStore::new(), fault, aside: Mutex::default() }
    }

    pub(super) fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Model) -> T) -> T {
        self.inner.with(work)
    }

    pub(super) fn aside<T>(&self, work: impl FnOnce(&mut Aside) -> T) -> T {
        work(&mut self.aside.lock().unwrap())
    }
}

/// As long as a query over a network takes others to come in between.
pub(super) fn others_pass() {
    for _ in 0..150 {
        std::thread::yield_now();
    }
}

/// Suspends once: where a caller may leave.
pub(super) async fn suspended() {
    let mut once = false;
    std::future::poll_fn(|context| {
        if std::mem::replace(&mut once, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
    .await;
}
