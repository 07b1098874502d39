//! E-mail addresses: what a user typed, and the form by which two of them are the same.
//!
//! Nothing here asks the network whether an address exists. Changing an account's address is the
//! service's affair; the type only says what an address is.

mod address;
mod service;
pub(crate) mod verification;

pub use address::Email;
pub use service::Emails;

#[cfg(test)]
mod tests;
