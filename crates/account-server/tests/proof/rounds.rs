//! How often a promise is put to the test, and where the figures go that it was kept with.

use std::fs::OpenOptions;
use std::io::Write;

/// How many rounds: `ACCOUNT_TEST_ROUNDS`.
const ROUNDS: &str = "ACCOUNT_TEST_ROUNDS";
/// A file that each promise adds a line to: `ACCOUNT_TEST_FIGURES`.
const FIGURES: &str = "ACCOUNT_TEST_FIGURES";
/// Enough to see that a proof works; `cargo xtask prove` asks for a hundred.
const FEW: usize = 2;

/// Rounds of each promise.
pub(crate) fn rounds() -> usize {
    match std::env::var(ROUNDS) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{ROUNDS} must be a number, not {text:?}")),
        Err(_) => FEW,
    }
}

/// `each` a round, but never fewer than `least`.
pub(crate) fn times(each: usize, least: usize) -> usize {
    (each * rounds()).max(least)
}

/// Writes down what was shown, for the table at the end of `cargo xtask prove`.
pub(crate) fn proven(promise: &str, figures: &str) {
    let Some(path) = std::env::var_os(FIGURES) else { return };
    let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
    // One write: other tests write at the same time.
    file.write_all(format!("{promise}\t{figures}\n").as_bytes()).unwrap();
}

/// Numbers that look random and are the same in each run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// One of `0..sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }
}

/// The middle one, in the order of size.
pub(crate) fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    at_rank(values, 0.5)
}

/// The value below which this part of all values lies.
pub(crate) fn at_rank<T: Copy + PartialOrd>(values: &[T], part: f64) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).unwrap());
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few thousand values at the most"
    )]
    let rank = (sorted.len() as f64 * part) as usize;
    sorted[rank.min(sorted.len() - 1)]
}
