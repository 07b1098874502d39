//! How much is tried. The defaults find what matters within seconds; `ACCOUNT_TEST_CASES` multiplies
//! them, and `ACCOUNT_TEST_SEED` draws others.

use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// `ACCOUNT_TEST_CASES`, by which the number of drawn cases is multiplied; 1 if it is not set.
pub(crate) fn factor() -> u32 {
    std::env::var("ACCOUNT_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
}

/// `ACCOUNT_TEST_SEED`, from which cases are drawn; 1 if it is not set, so that a run can be repeated.
pub(crate) fn seed() -> u64 {
    std::env::var("ACCOUNT_TEST_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

/// Draws so many cases times the factor, the same in every run with the same seed.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let config = Config {
        cases: cases.saturating_mul(factor()),
        failure_persistence: None,
        max_shrink_iters: 400,
        ..Config::default()
    };
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(seed().to_le_bytes()).for_each(|(to, from)| *to = from);
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}
