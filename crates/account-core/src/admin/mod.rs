//! Administration: registering accounts and acting on other people's, for a command line and for
//! embedders. Nothing here asks who is asking: whoever holds [`Accounts`] is the operator.

mod accounts;
mod keys;
mod register;

pub use accounts::ProfileChange;
pub use register::{InitialPassword, NewUser};

use crate::accounts::Accounts;

/// The operator's operations; opened by [`Accounts::admin`].
#[derive(Clone, Copy)]
pub struct Admin<'a>(pub(crate) &'a Accounts);
