//! The model passes its own kit.

use account_testkit::MemoryStore;

account_testkit::conformance! { MemoryStore::new() }

account_testkit::throttle_conformance! { MemoryStore::new() }
