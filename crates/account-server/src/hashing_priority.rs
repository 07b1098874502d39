//! Hashing passwords is long work that nobody's quick request should wait behind: its threads give way to
//! the others. It changes the calling thread alone.

/// By how much the niceness rises: about a tenth of the share of a thread with the usual priority.
const STEP: i32 = 10;

/// Lowers the calling thread's priority. On Linux niceness belongs to the thread; elsewhere it may belong
/// to the process, and then nothing is changed.
pub(crate) fn lower() {
    if cfg!(target_os = "linux")
        && let Err(error) = rustix::process::nice(STEP)
    {
        tracing::warn!(%error, "the hashing threads keep the usual priority");
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_the_thread_that_asks_gives_way() {
        let before = rustix::process::nice(0).unwrap();
        let lowered = std::thread::spawn(|| {
            lower();
            rustix::process::nice(0).unwrap()
        });
        assert_eq!(lowered.join().unwrap(), (before + STEP).min(19));
        assert_eq!(rustix::process::nice(0).unwrap(), before);
    }
}
