//! Where measures that need more than one server find what they start them with.

use std::path::Path;

use super::Programs;
use super::database::Database;

/// Programs, a database, a folder for logs and requests, and how long a load goes on.
pub(super) struct Place<'a> {
    pub(super) programs: &'a Programs,
    pub(super) folder: &'a Path,
    pub(super) database: &'a Database,
    pub(super) seconds: f64,
}
