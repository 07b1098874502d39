//! What an account says about its owner: username, names, language, and the login that finds it.
//!
//! The types only; none of them is changed by the contract's own endpoints.

mod language;
mod login;
mod person_name;
mod username;

pub use language::Language;
pub use login::Login;
pub use person_name::PersonName;
pub use username::Username;

#[cfg(test)]
mod tests;
