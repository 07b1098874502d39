//! Signing in: password, then second factor, then session, in one call or in two steps. The second
//! factor, the session and their audit entries are one commit.
//!
//! Unknown names cost what known ones do. Cookies are the edge's.

mod factor;
mod guesses;
mod pending;
mod service;
mod token;

pub use factor::SecondFactor;
pub use pending::PendingSignIn;
pub use service::{PasswordStep, SignIn, SignedIn};
pub use token::ConfirmationToken;
