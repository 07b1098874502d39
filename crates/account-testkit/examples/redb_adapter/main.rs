//! The example's store at work: `cargo run -p account-testkit --example redb_adapter -- accounts.redb`
//! registers an account at each run and tells how many there were; without a path, in memory. What an adapter's author reads is
//! in `redb_store`; `tests/redb.rs` holds it to the contract.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod redb_store;

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;

use account_core::store::{AccountRepository as _, AccountStore as _};
use account_testkit::{block_on, sample};
use redb::backends::InMemoryBackend;
use redb_store::RedbStore;

fn main() -> Result<(), Box<dyn Error>> {
    let store = match std::env::args().nth(1) {
        Some(path) => RedbStore::open(Path::new(&path))?,
        None => RedbStore::open_on(InMemoryBackend::new())?,
    };
    let known = block_on(store.accounts(None, u32::MAX))?;
    let new = sample::new_account(u64::try_from(known.len())?.saturating_add(1));
    let id = block_on(store.register(&new, &[]))?;
    writeln!(io::stdout(), "{} is account {id}; there were {} before", new.username, known.len())?;
    Ok(())
}
