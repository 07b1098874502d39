//! The services over a store in memory, with a clock that is moved by hand: what each operation
//! changes, ends, keeps, records and refuses.

mod administration;
mod dry_entropy;
mod email_and_password;
mod hashing_share;
mod house;
mod keyring;
mod keys;
mod recovery;
mod repeated_requests;
mod sign_in;
mod tampering;
mod two_factor;

use account_core::Error;
use account_core::field::Fault;

fn fault(error: &Error) -> Option<(&str, &Fault)> {
    match error {
        Error::Invalid(errors) => errors.iter().next().map(|one| (one.field.as_str(), &one.fault)),
        _ => None,
    }
}
