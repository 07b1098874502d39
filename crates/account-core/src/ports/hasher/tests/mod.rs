//! What the hasher promises, tried from outside: the computation, and the threads around it.

mod kernel;
mod stored_text;
mod threads;

use super::*;
use crate::password::{NewPassword, Password, PasswordPolicy};
use crate::ports::keyring::{Keyring, Pepper};

const ONE: &str = "one:q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA=";
const TWO: &str = "two:EjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8=";
const ACCOUNT: [u8; 16] = [7; 16];

fn ring(entries: &[&str]) -> Keyring {
    Keyring::parse(&entries.join("\n")).unwrap()
}

fn new_password(text: &str) -> NewPassword {
    let policy = PasswordPolicy { block_list: false, ..PasswordPolicy::default() };
    NewPassword::parse(text, &policy, &[]).unwrap()
}

fn typed(text: &str) -> Password {
    Password::new(text.to_owned())
}

fn hash_request(text: &str, pepper: Pepper) -> HashRequest {
    HashRequest::new(&new_password(text), ACCOUNT, [9; 16], pepper)
}
