//! Facts about the source that no compiler checks: who may depend on whom, what a file may hold, what
//! lies at the top. Each fact is a test, so that the picture in `docs/` cannot rot. How the code
//! behaves is not looked at here.

mod edges;
mod layout;
mod readme;
mod rooms;
mod security;
mod sources;
mod sql;
mod supply_chain;
mod text;
mod workspace;

/// Fails with all faults at once, one a line.
#[track_caller]
fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
