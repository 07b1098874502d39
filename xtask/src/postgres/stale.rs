//! Which cluster folders are in use. Each folder has a lock file beside it, locked as long as its
//! keeper lives; the system gives the lock back however the keeper ends. A folder whose lock is free
//! was left behind (the keeper itself was killed) and is removed by the next run.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::cluster::{Cluster, random_text};
use crate::failure::{Failure, Outcome};

const PREFIX: &str = "account-test-postgres-";
const LOCK: &str = "lock";

/// The right to a folder's name, held from before the folder exists until it is gone.
pub(super) struct Claim {
    folder: PathBuf,
    lock: PathBuf,
    _held: File,
}

impl Claim {
    /// Claims a new name under `temporary`. The folder itself is made by who uses it.
    ///
    /// # Errors
    /// When no file can be made there.
    pub(super) fn new(temporary: &Path) -> Outcome<Self> {
        let folder = temporary.join(format!("{PREFIX}{}", random_text()?));
        let lock = folder.with_extension(LOCK);
        let held = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&lock);
        let held = held.and_then(|file| file.lock().map(|()| file));
        let held = held.map_err(Failure::from_io(format!("cannot lock {}", lock.display())))?;
        Ok(Self { folder, lock, _held: held })
    }

    /// The claimed folder.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

impl Drop for Claim {
    /// Gives the name back. A folder that could not be removed keeps its lock file, now unlocked, for
    /// the next run to find.
    fn drop(&mut self) {
        if !self.folder.exists() {
            fs::remove_file(&self.lock).ok();
        }
    }
}

/// Takes away every cluster under `temporary` that nobody keeps any more. What cannot be removed
/// (another user's) is left alone: it hinders nobody.
pub(super) fn remove_all(temporary: &Path, binaries: &Path) {
    for folder in abandoned(temporary) {
        let Some(cluster) = Cluster::left_behind(binaries, &folder) else { continue };
        eprintln!("xtask: removing {}, left behind by an earlier run", folder.display());
        if cluster.remove().is_ok() {
            fs::remove_file(folder.with_extension(LOCK)).ok();
        }
    }
}

/// The cluster folders whose lock is free.
fn abandoned(temporary: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(temporary) else { return Vec::new() };
    let folders = entries.flatten().map(|entry| entry.path()).filter(|path| is_cluster(path));
    folders.filter(|folder| !is_kept(folder)).collect()
}

fn is_cluster(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    name.starts_with(PREFIX) && path.extension().is_none() && path.is_dir()
}

fn is_kept(folder: &Path) -> bool {
    match File::open(folder.with_extension(LOCK)) {
        Ok(lock) => lock.try_lock().is_err(),
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::cluster::Owner;

    /// A folder of the test's own, gone with it.
    struct Scratch(PathBuf);

    impl Scratch {
        fn new() -> Self {
            let path = std::env::temp_dir().join(format!("account-xtask-test-{}", random_text().unwrap()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }
    }

    impl Drop for Scratch {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    #[test]
    fn a_cluster_is_abandoned_only_when_its_keeper_is_gone() {
        let scratch = Scratch::new();
        let claim = Claim::new(&scratch.0).unwrap();
        fs::create_dir(claim.folder()).unwrap();
        assert_eq!(abandoned(&scratch.0), Vec::<PathBuf>::new());

        let folder = claim.folder().to_owned();
        drop(claim);
        // A process that another test starts holds a copy of the lock from its fork to its exec.
        let free = (0..500).any(|_| {
            let found = abandoned(&scratch.0) == [folder.clone()];
            if !found {
                std::thread::park_timeout(std::time::Duration::from_millis(10));
            }
            found
        });
        assert!(free, "the folder is abandoned once its keeper is gone");
    }

    #[test]
    fn what_an_earlier_run_left_behind_is_removed_and_nothing_else() {
        let scratch = Scratch::new();
        let left = Claim::new(&scratch.0).unwrap().folder().to_owned();
        let kept = Claim::new(&scratch.0).unwrap();
        let strange = scratch.0.join("somebody-elses");
        for folder in [&left, kept.folder(), &strange] {
            fs::create_dir(folder).unwrap();
        }
        Owner::choose().unwrap().take(&left).unwrap();
        remove_all(&scratch.0, Path::new("/nowhere"));
        assert!(!left.exists() && !left.with_extension(LOCK).exists());
        assert!(kept.folder().exists() && strange.exists());
    }
}
