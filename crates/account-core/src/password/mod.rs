//! Passwords: what a client typed, what may become a new one, and the hash that is stored.
//!
//! The types keep text out of logs and wipe it. They do not hash: that is the
//! [`PasswordHasher`](crate::ports::hasher::PasswordHasher) port's, and takes milliseconds on purpose.

mod block_list;
mod hash;
mod new_password;
mod normalised;
mod policy;
mod proof;
mod service;
mod typed;
mod verify;

pub use hash::PasswordHash;
pub use new_password::NewPassword;
pub use policy::PasswordPolicy;
pub use proof::PasswordProof;
pub use service::{PasswordChanged, Passwords};
pub use typed::Password;

/// The most bytes of a password after normalisation. A longer one is refused when it is set, and
/// is never hashed when it is typed (SEC-01, SEC-03).
pub const MAX_BYTES: usize = 1024;

/// The most characters of a new password (SEC-01).
pub const MAX_CHARACTERS: usize = 256;
