//! The keyring's file: made once, for its owner alone, safely on the disk before anything is sealed with
//! it, never over a file that is there, and replaced as a whole when a key is exchanged. What the text means is the core's keyring's affair.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use account_core::ports::entropy::Entropy;
use account_core::ports::keyring::{Keyring, KeyringError};
use zeroize::Zeroizing;

use crate::failure::Failure;
use crate::settings::KeyringSource;

/// Larger files are no keyring: one key takes about 60 bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// The keyring that belongs to a SQLite file: `account.db.keyring` beside `account.db`.
pub(crate) fn beside(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".keyring");
    PathBuf::from(name)
}

/// Makes a new keyring at `path`: exclusive, mode 0600, file and folder synced.
///
/// # Errors
/// One line: something is there already, the folder cannot be written to, or the system gave no
/// randomness.
pub(crate) fn create(path: &Path, entropy: &dyn Entropy) -> Result<(), Failure> {
    let text = Keyring::generate(entropy).map_err(|error| Failure::refused(format!("keyring: {error}")))?;
    write_new(path, text.as_bytes()).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::refused(format!(
            "{}: already exists; a keyring is never overwritten, since what it sealed would be lost",
            path.display()
        )),
        _ => Failure::refused(format!("cannot make the keyring {}: {error}", path.display())),
    })
}

/// Written under another name first, and then given its own in one step: whoever starts at the same moment
/// finds a whole keyring or none.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let draft = draft_of(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    // A link, unlike a rename, fails if the name is taken.
    let named = written.and_then(|()| std::fs::hard_link(&draft, path));
    std::fs::remove_file(&draft)?;
    named.and_then(|()| sync_folder(path))
}

/// Replaces the ring in the file by what `renewed` makes of it, in one step: whoever reads it meanwhile finds
/// the old ring or the new one. Its owner stays, its mode becomes 0600.
///
/// # Errors
/// One line: the file cannot be read or replaced, or `renewed` refuses. It is then as it was.
pub(crate) fn replace(
    path: &Path,
    renewed: impl FnOnce(&str) -> Result<Zeroizing<String>, KeyringError>,
) -> Result<Keyring, Failure> {
    let shown = path.display();
    let cannot = |error: io::Error| Failure::refused(format!("cannot change the keyring {shown}: {error}"));
    // A link is followed once, so that the file behind it is replaced and not the link.
    let path = path.canonicalize().map_err(cannot)?;
    let held = hold(&path).map_err(cannot)?;
    let text = renewed(&read(&path).map_err(cannot)?)
        .map_err(|error| Failure::refused(format!("the keyring {shown}: {error}")))?;
    let ring = parse(&shown.to_string(), &text)?;
    write_over(&path, &held, text.as_bytes()).map_err(cannot)?;
    Ok(ring)
}

/// The file, locked against other commands that change it.
fn hold(path: &Path) -> io::Result<File> {
    loop {
        let file = File::open(path)?;
        file.lock()?;
        // Another command may have put a new file in its place while this one waited.
        let (held, there) = (file.metadata()?, std::fs::metadata(path)?);
        if (held.dev(), held.ino()) == (there.dev(), there.ino()) {
            return Ok(file);
        }
    }
}

fn write_over(path: &Path, old: &File, bytes: &[u8]) -> io::Result<()> {
    let draft = draft_of(path);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let (was, is) = (old.metadata()?, file.metadata()?);
    let written = if (was.uid(), was.gid()) == (is.uid(), is.gid()) {
        Ok(())
    } else {
        std::os::unix::fs::fchown(&file, Some(was.uid()), Some(was.gid()))
    };
    let written = written.and_then(|()| file.write_all(bytes)).and_then(|()| file.sync_all());
    let named = written.and_then(|()| std::fs::rename(&draft, path));
    if named.is_err() {
        std::fs::remove_file(&draft)?;
    }
    named.and_then(|()| sync_folder(path))
}

fn draft_of(path: &Path) -> PathBuf {
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    PathBuf::from(draft)
}

fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Reads the keyring from where the settings say.
///
/// # Errors
/// One line: the file is missing or unreadable, or holds no usable keyring (SEC-30). Never any part of
/// a key.
pub(crate) fn load(source: &KeyringSource) -> Result<Keyring, Failure> {
    match source {
        KeyringSource::Keys(text) => parse("ACCOUNT_KEYRING_KEYS", text),
        KeyringSource::File(path) => {
            let shown = path.display().to_string();
            let text = read(path).map_err(|error| match error.kind() {
                ErrorKind::NotFound => Failure::refused(format!("the keyring {shown} is missing")),
                _ => Failure::refused(format!("cannot read the keyring {shown}: {error}")),
            })?;
            parse(&shown, &text)
        }
    }
}

fn parse(shown: &str, text: &str) -> Result<Keyring, Failure> {
    Keyring::parse(text)
        .map_err(|error| Failure::refused(format!("the keyring {shown} cannot be used: {error}")))
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() || about.len() > MAX_BYTES {
        return Err(io::Error::new(ErrorKind::InvalidData, "it is not a keyring's file"));
    }
    warn_if_others_can_read(path, about.permissions().mode());
    // Reserved at once: a string that grows leaves copies of keys behind.
    let size = usize::try_from(about.len()).unwrap_or_default().saturating_add(1);
    let mut text = Zeroizing::new(String::with_capacity(size));
    io::Read::read_to_string(&mut file, &mut text)?;
    Ok(text)
}

fn warn_if_others_can_read(path: &Path, mode: u32) {
    if mode & 0o077 != 0 {
        tracing::warn!(
            path = %path.display(),
            mode = format_args!("{:03o}", mode & 0o777),
            "the keyring can be read by others than its owner; run chmod 600 on it"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use account_core::ports::entropy::{EntropyError, OsEntropy};

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_new_keyring_is_readable_by_its_owner_alone_and_can_be_loaded() {
        let folder = folder();
        let path = folder.path().join("keys");
        create(&path, &OsEntropy).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(load(&KeyringSource::File(path)).is_ok());
    }

    #[test]
    fn an_existing_file_is_never_overwritten_not_even_through_a_link() {
        let folder = folder();
        let (path, link) = (folder.path().join("keys"), folder.path().join("link"));
        std::fs::write(&path, "precious").unwrap();
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
        assert!(create(&path, &OsEntropy).unwrap_err().to_string().contains("already exists"));
        assert!(create(&link, &OsEntropy).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
        assert!(!folder.path().join("nowhere").exists());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn without_randomness_there_is_no_file() {
        struct Dry;
        impl Entropy for Dry {
            fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
                Err(EntropyError)
            }
        }
        let folder = folder();
        let path = folder.path().join("keys");
        assert!(create(&path, &Dry).is_err());
        assert!(!path.exists());
    }

    #[test]
    fn sec_30_a_bad_keyring_is_one_line_that_repeats_no_key() {
        let folder = folder();
        let path = folder.path().join("keys");
        for text in ["", "geheim", "a:geheim", "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] {
            std::fs::write(&path, text).unwrap();
            let line = load(&KeyringSource::File(path.clone())).unwrap_err().to_string();
            assert!(line.contains("keys") && !line.contains("geheim") && !line.contains('\n'), "{line}");
        }
        assert!(
            load(&KeyringSource::File(folder.path().join("none")))
                .unwrap_err()
                .to_string()
                .contains("missing")
        );
        assert!(load(&KeyringSource::File(folder.path().to_owned())).is_err());
        assert!(
            load(&KeyringSource::Keys(Zeroizing::new("x".into())))
                .unwrap_err()
                .to_string()
                .contains("ACCOUNT_KEYRING_KEYS")
        );
    }

    #[test]
    fn sec_30_a_ring_is_replaced_as_a_whole_behind_links_too_and_a_refusal_leaves_it_alone() {
        let folder = folder();
        let (path, link) = (folder.path().join("keys"), folder.path().join("link"));
        create(&path, &OsEntropy).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let ring = replace(&link, |text| Keyring::text_with_new_key(text, &OsEntropy)).unwrap();
        assert_eq!(ring.names().count(), 2);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let before = std::fs::read_to_string(&path).unwrap();
        assert!(replace(&path, |_| Err(KeyringError::Empty)).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), before);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no draft is left");
    }

    #[test]
    fn keys_that_are_added_at_once_are_all_there() {
        let folder = folder();
        let path = folder.path().join("keys");
        create(&path, &OsEntropy).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| replace(&path, |text| Keyring::text_with_new_key(text, &OsEntropy)).unwrap());
            }
        });
        let ring = load(&KeyringSource::File(path)).unwrap();
        assert_eq!(ring.names().count(), 9);
    }

    #[test]
    fn the_keyring_of_a_database_stands_beside_it() {
        assert_eq!(beside(Path::new("/var/lib/account.db")), Path::new("/var/lib/account.db.keyring"));
    }
}
