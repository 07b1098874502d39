//! The core's own throttle passes the kit.

use account_core::ports::throttle::InMemoryThrottle;

account_testkit::throttle_conformance! { InMemoryThrottle::new() }
