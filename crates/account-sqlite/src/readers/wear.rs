//! When a reading connection is worth opening anew. SQLite empties a connection's cache of pages after each
//! commit of another one, by walking a table that grew with the pages and never becomes smaller. One that
//! served many reads while nobody committed, and now serves few between two commits, walks it for nothing.
//!
//! Commits are the batches of this store's writer. Another program's are not seen, and a batch that writes
//! nothing counts as well; either costs time alone.

/// So many reads without a commit between them fill the cache.
const UNDISTURBED: u32 = 500;
/// After so many batches of commits, with never [`UNDISTURBED`] reads between two, they will go on.
const DISTURBED: u32 = 200;

/// What one connection went through.
#[derive(Debug, Default)]
pub(super) struct Wear {
    /// Batches of commits, as of the last read.
    batches: u64,
    undisturbed: u32,
    disturbed: u32,
    was_filled: bool,
}

impl Wear {
    /// A read begins, after so many batches of commits. Is the connection better opened anew?
    pub(super) fn reads_after(&mut self, batches: u64) -> bool {
        if self.batches != batches {
            self.batches = batches;
            self.undisturbed = 0;
            self.disturbed = self.disturbed.saturating_add(1);
            return self.was_filled && self.disturbed >= DISTURBED;
        }
        self.undisturbed = self.undisturbed.saturating_add(1);
        if self.undisturbed >= UNDISTURBED {
            self.was_filled = true;
            self.disturbed = 0;
        }
        false
    }

    /// It was to be opened anew, which failed. That is tried again after as many commits.
    pub(super) fn goes_on(&mut self) {
        self.disturbed = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many batches it is worn, if `reads` come between two; at most a thousand are tried.
    fn worn_after(wear: &mut Wear, reads: u32) -> Option<u64> {
        let begin = wear.batches + 1;
        (begin..begin + 1000)
            .position(|batch| (0..reads).any(|_| wear.reads_after(batch)))
            .and_then(|batches| u64::try_from(batches).ok())
    }

    #[test]
    fn a_filled_cache_is_worn_when_commits_go_on_and_on() {
        let mut wear = Wear::default();
        assert!((0..10_000).all(|_| !wear.reads_after(0)));
        assert_eq!(worn_after(&mut wear, 4), Some(u64::from(DISTURBED) - 1));
        wear.goes_on();
        assert_eq!(worn_after(&mut wear, 4), Some(u64::from(DISTURBED) - 1), "tried again, but not at once");
    }

    #[test]
    fn one_that_was_never_filled_or_is_filled_again_and_again_is_not() {
        assert_eq!(worn_after(&mut Wear::default(), 4), None);
        assert_eq!(worn_after(&mut Wear::default(), 2 * UNDISTURBED), None);
        let mut wear = Wear::default();
        assert!((0..10_000).all(|_| !wear.reads_after(0)));
        assert_eq!(worn_after(&mut wear, UNDISTURBED + 1), None);
    }
}
