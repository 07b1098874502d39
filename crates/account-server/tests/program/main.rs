//! The program itself, as a person or a supervisor meets it: started in an empty folder, asked over a
//! socket, stopped by a signal. What the API answers in detail is tested at the adapter.

mod commands;
mod durability;
mod http;
mod keyring;
mod postgres;
#[cfg(target_os = "linux")]
mod priorities;
mod program;
mod readme;
mod refusals;
mod security_log;
mod stopping;
mod trial;
mod unknown_paths;
