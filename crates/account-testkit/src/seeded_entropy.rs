//! Bytes that look random and are the same in every run. Nothing made with them is secret.

use std::sync::{Mutex, PoisonError};

use account_core::ports::entropy::{Entropy, EntropyError};

/// An [`Entropy`] that is determined by its seed (SplitMix64). **For tests alone**: whoever knows
/// the seed, or sixteen bytes, knows all that follows.
///
/// ```
/// use account_core::ports::entropy::Entropy as _;
/// use account_testkit::SeededEntropy;
///
/// let (mut one, mut two) = ([0; 9], [0; 9]);
/// SeededEntropy::new(7).fill(&mut one)?;
/// SeededEntropy::new(7).fill(&mut two)?;
/// assert_eq!(one, two);
/// # Ok::<(), account_core::ports::entropy::EntropyError>(())
/// ```
#[derive(Debug)]
pub struct SeededEntropy(Mutex<u64>);

impl SeededEntropy {
    /// The sequence that belongs to `seed`.
    pub const fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// The next number of the sequence, for a test's own choices.
    pub fn next_u64(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`, for a test's own choices; zero if there is none.
    pub fn below(&self, limit: u64) -> u64 {
        self.next_u64().checked_rem(limit).unwrap_or(0)
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyError> {
        for chunk in out.chunks_mut(8) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        Ok(())
    }
}
