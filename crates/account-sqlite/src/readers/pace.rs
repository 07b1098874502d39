//! How quick reads have been of late. Pages that are in memory take microseconds; pages that must come
//! from the disk take a thread away from everybody else for a thousand times as long.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A read that takes longer has waited for the disk, or is a large one.
pub(super) const LONG: Duration = Duration::from_millis(1);

/// A long read adds this much and a short one takes one away, so what counts is whether more than one in
/// nine is long, and not the one that another program held up.
const WEIGHT: u32 = 8;
/// From here on, reads are slow.
const SLOW: u32 = 4 * WEIGHT;
/// No score is higher, so that a database that has come into memory is soon quick again.
const MOST: u32 = 2 * SLOW;

/// A score of the last reads, kept by all threads together.
#[derive(Debug, Default)]
pub(super) struct Pace(AtomicU32);

impl Pace {
    pub(super) fn is_quick(&self) -> bool {
        self.0.load(Ordering::Relaxed) < SLOW
    }

    /// A read took so long.
    pub(super) fn saw(&self, read: Duration) {
        let score = self.0.load(Ordering::Relaxed);
        let next =
            if read >= LONG { score.saturating_add(WEIGHT).min(MOST) } else { score.saturating_sub(1) };
        // Nothing is written while all is well. Two threads at once may lose a point, which changes nothing.
        if next != score {
            self.0.store(next, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_micros(20);

    fn saw(pace: &Pace, reads: &[Duration]) {
        reads.iter().for_each(|read| pace.saw(*read));
    }

    #[test]
    fn a_few_long_reads_among_many_change_nothing() {
        let pace = Pace::default();
        for _ in 0..100 {
            saw(&pace, &[LONG]);
            saw(&pace, &[SHORT; 9]);
            assert!(pace.is_quick());
        }
    }

    #[test]
    fn long_reads_in_a_row_are_slow_until_enough_were_short() {
        let pace = Pace::default();
        saw(&pace, &[LONG; 3]);
        assert!(pace.is_quick());
        saw(&pace, &[LONG; 200]);
        assert!(!pace.is_quick());
        saw(&pace, &[SHORT; 20]);
        assert!(!pace.is_quick());
        saw(&pace, &[SHORT; 20]);
        assert!(pace.is_quick());
    }
}
