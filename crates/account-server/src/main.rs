//! The account server: configuration, wiring and the command line. What an account is and what may be
//! done with it is the core's; this program connects the core to a database, a socket and a terminal.
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod command_line;
mod failure;
mod keyring_file;
mod logging;
mod serving;
mod settings;

fn main() {}
