//! Choices: from bytes, which a test can shrink, or from a seed, which never end.

use crate::SeededEntropy;

/// Makes choices.
pub(crate) trait Dice {
    /// A number below `sides`; zero if there are none.
    fn roll(&mut self, sides: usize) -> usize;

    /// True once in so many.
    fn once_in(&mut self, times: usize) -> bool {
        // The last side, so that bytes shrunk to zero choose what is usual.
        self.roll(times) == times.saturating_sub(1)
    }

    /// One of these; the newest most often, and first of all.
    fn newest<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        let back = match self.roll(4) {
            0 | 1 => 0,
            2 => self.roll(all.len().min(3)),
            _ => self.roll(all.len()),
        };
        all.len().checked_sub(back.saturating_add(1)).and_then(|index| all.get(index))
    }

    /// One of these.
    fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.roll(all.len()))
    }
}

/// The choices of one deed, as bytes; zeros once they are used up.
pub(crate) struct Bytes<'a>(pub(crate) std::slice::Iter<'a, u8>);

impl Dice for Bytes<'_> {
    fn roll(&mut self, sides: usize) -> usize {
        let byte = self.0.next().copied().unwrap_or(0);
        usize::from(byte).checked_rem(sides).unwrap_or(0)
    }
}

impl Dice for &SeededEntropy {
    fn roll(&mut self, sides: usize) -> usize {
        usize::try_from(self.below(u64::try_from(sides).unwrap_or(0))).unwrap_or(0)
    }
}
