//! What a generated database holds that works, written down beside it. It names passwords and tokens
//! of accounts that exist for load tests alone.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::Outcome;

/// A generated database's papers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// All accounts.
    pub(crate) accounts: u64,
    /// Those that can be used.
    pub(crate) usable: Vec<Usable>,
    /// Where the rows end that were generated.
    pub(crate) last_numbers: LastNumbers,
}

/// An account with a password and a key that work.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Usable {
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) token: String,
}

/// The highest `number` of each table that load tests add to.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct LastNumbers {
    pub(crate) api_key: i64,
    pub(crate) session: i64,
    pub(crate) activity: i64,
}

impl Manifest {
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let file = File::open(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(serde_json::from_reader(BufReader::new(file))?)
    }

    pub(super) fn write(&self, path: &Path) -> Outcome<()> {
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let mut file = BufWriter::new(file);
        serde_json::to_writer(&mut file, self)?;
        Ok(file.flush()?)
    }
}
