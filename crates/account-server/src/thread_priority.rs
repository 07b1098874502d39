//! What waits behind what. A request of somebody who is signed in takes microseconds and has the usual
//! priority; the rest of the work gives way to it, so that a storm of sign-ins does not slow it down. Each
//! function changes the calling thread alone.

/// Hashing is long, and a thread that hashes never rests: about a tenth of the usual share.
const HASHING: i32 = 10;
/// Strangers come after those who are signed in. They are served when hashing is, which they mostly wait for.
const STRANGERS: i32 = 10;
/// A commit waits for the disk anyway, and many share one: about a third of the usual share.
const WRITING: i32 = 5;

/// For a thread that hashes passwords.
pub(crate) fn hashing() {
    lower("hashing passwords", HASHING);
}

/// For a thread that answers those who are not signed in.
pub(crate) fn strangers() {
    lower("answering strangers", STRANGERS);
}

/// For a thread that writes to the database file.
pub(crate) fn writing() {
    lower("writing", WRITING);
}

/// Raises the niceness. On Linux it belongs to the thread; elsewhere it may belong to the process, and then
/// nothing is changed.
fn lower(work: &'static str, step: i32) {
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::nice(step)
    {
        tracing::warn!(%error, work, "a thread keeps the usual priority");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_the_thread_that_asks_gives_way() {
        let before = rustix::process::nice(0).unwrap();
        for (lower, step) in [(hashing as fn(), HASHING), (strangers, STRANGERS), (writing, WRITING)] {
            let lowered = std::thread::spawn(move || {
                lower();
                rustix::process::nice(0).unwrap()
            });
            assert_eq!(lowered.join().unwrap(), (before + step).min(19));
        }
        assert_eq!(rustix::process::nice(0).unwrap(), before);
    }
}
