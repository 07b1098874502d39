//! What a stored value answers when it cannot have been written by this program.
//!
//! Rows come back through checked constructors; each of them fails with [`Malformed`], which an
//! adapter reports as [`Corrupt`](crate). It never carries the value itself: it may be a secret.

use std::fmt;

/// A stored value that no version of this program wrote. Names the kind of value, never its text.
///
/// ```
/// use account_core::malformed::Malformed;
/// assert_eq!(Malformed("e-mail address").to_string(), "malformed e-mail address");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed {}", self.0)
    }
}

impl std::error::Error for Malformed {}
