//! A disk in memory that forgets, when it is pulled out, all that was not synced: the harshest crash
//! there is, for a store that can be told where to keep its bytes.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::sync::{Arc, Mutex, PoisonError};

use redb::StorageBackend;

#[derive(Default)]
struct Platter {
    written: Vec<u8>,
    synced: Vec<u8>,
}

/// Where the bytes are while no store is open.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<Mutex<Plug>>);

/// The bytes, as the opening with this number sees them; an older one writes to nowhere.
#[derive(Default)]
struct Plug {
    platter: Platter,
    opening: u64,
}

impl fmt::Debug for Plug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plug").field("opening", &self.opening).finish_non_exhaustive()
    }
}

impl Disk {
    /// For one opening.
    pub(crate) fn plugged_in(&self) -> PluggedIn {
        PluggedIn { disk: self.clone(), opening: self.with(|plug| plug.opening) }
    }

    /// Keeps what was synced; whoever has the disk open keeps nothing any more.
    pub(crate) fn pull_out(&self) {
        self.with(|plug| {
            plug.platter.written = plug.platter.synced.clone();
            plug.opening += 1;
        });
    }

    fn with<T>(&self, work: impl FnOnce(&mut Plug) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The disk as one store has it open.
#[derive(Debug)]
pub(crate) struct PluggedIn {
    disk: Disk,
    opening: u64,
}

impl PluggedIn {
    fn with<T>(&self, work: impl FnOnce(&mut Platter) -> T) -> Result<T, Error> {
        self.disk.with(|plug| {
            if plug.opening != self.opening {
                return Err(Error::new(ErrorKind::NotConnected, "the disk was pulled out"));
            }
            Ok(work(&mut plug.platter))
        })
    }
}

impl StorageBackend for PluggedIn {
    fn len(&self) -> Result<u64, Error> {
        self.with(|platter| platter.written.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let offset = offset as usize;
        self.with(|platter| out.copy_from_slice(&platter.written[offset..offset + out.len()]))
    }

    fn set_len(&self, length: u64) -> Result<(), Error> {
        self.with(|platter| platter.written.resize(length as usize, 0))
    }

    fn sync_data(&self) -> Result<(), Error> {
        self.with(|platter| platter.synced.clone_from(&platter.written))
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let offset = offset as usize;
        self.with(|platter| platter.written[offset..offset + data.len()].copy_from_slice(data))
    }
}
