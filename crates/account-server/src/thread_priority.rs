//! What gives way to what. Most requests take microseconds and have the usual priority; long work has a smaller
//! share of a processor that both want, so that a storm of sign-ins does not slow the others down. Each function
//! changes the calling thread, and the threads that it starts later.

/// Hashing is long, and a thread that hashes never rests: about a tenth of the usual share.
const HASHING: i32 = 10;
/// As hashing, which a sign-in mostly waits for.
const SIGNING_IN: i32 = 10;
/// A commit waits for the disk anyway, and many share one: about a third of the usual share.
const COMMITTING: i32 = 5;

/// For a thread that hashes passwords.
pub(crate) fn hashing() {
    lower("hashing", HASHING);
}

/// For a thread that answers sign-ins.
pub(crate) fn signing_in() {
    lower("signing in", SIGNING_IN);
}

/// For the thread that commits to a database file.
pub(crate) fn committing() {
    lower("committing", COMMITTING);
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
        for (lower, step) in [(hashing as fn(), HASHING), (signing_in, SIGNING_IN), (committing, COMMITTING)]
        {
            let lowered = std::thread::spawn(move || {
                lower();
                rustix::process::nice(0).unwrap()
            });
            assert_eq!(lowered.join().unwrap(), (before + step).min(19));
        }
        assert_eq!(rustix::process::nice(0).unwrap(), before);
    }
}
