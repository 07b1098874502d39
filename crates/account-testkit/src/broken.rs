//! What a case found, in words for the adapter's author.

use std::fmt;

use account_core::store::{StoreError, StoreResult, UniqueKey};

/// A promise of the contract that the store did not keep, and how that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken(String);

/// Whether a promise was kept.
pub type Proven = Result<(), Broken>;

impl Broken {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Self {
        Self(format!("a call that nothing stands against was refused: {error:?}"))
    }
}

/// Fails the case with the promise that was broken.
macro_rules! promise {
    ($kept:expr, $($words:tt)+) => {
        if !$kept {
            return Err($crate::broken::Broken::new(format!($($words)+)));
        }
    };
}

/// Fails the case with the promise that was broken, and both values.
macro_rules! same {
    ($got:expr, $wanted:expr, $($words:tt)+) => {
        $crate::broken::equal(&$got, &$wanted, || format!($($words)+))?
    };
}

/// What `same!` does.
pub(crate) fn equal<T: PartialEq<U> + fmt::Debug + ?Sized, U: fmt::Debug + ?Sized>(
    got: &T,
    wanted: &U,
    words: impl FnOnce() -> String,
) -> Proven {
    if got == wanted {
        return Ok(());
    }
    let (expected, answered) = (format!("{wanted:?}"), format!("{got:?}"));
    let hidden = if expected == answered {
        "\n  (they differ in what is never printed: a digest, a MAC, a sealed value, a hash)"
    } else {
        ""
    };
    let (expected, answered) = crate::differences::where_they_part(&expected, &answered);
    Err(Broken(format!("{}\n  expected: {expected}\n  answered: {answered}{hidden}", words())))
}

pub(crate) use {promise, same};

/// The answer must be [`StoreError::Stale`].
pub(crate) fn stale<T: fmt::Debug>(answer: StoreResult<T>, words: &str) -> Proven {
    match answer {
        Err(StoreError::Stale) => Ok(()),
        other => Err(Broken(format!("{words}\n  expected: Err(Stale)\n  answered: {other:?}"))),
    }
}

/// The answer must be [`StoreError::Taken`] with this key.
pub(crate) fn taken<T: fmt::Debug>(answer: StoreResult<T>, key: UniqueKey, words: &str) -> Proven {
    match answer {
        Err(StoreError::Taken(found)) if found == key => Ok(()),
        other => Err(Broken(format!("{words}\n  expected: Err(Taken({key:?}))\n  answered: {other:?}"))),
    }
}
