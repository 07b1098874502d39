//! The whole program from outside, over HTTP and with signals, over every database: what it promises when
//! it is killed, when its database goes away, when two of it run, when it is raced, stormed and listened
//! to. A module a promise; one program, so that it links once.
//!
//! `ACCOUNT_TEST_ROUNDS` says how often each promise is put to the test: few times in `cargo xtask test`,
//! a hundred in `cargo xtask prove`. Nothing here reaches inside the program.
#![expect(
    clippy::disallowed_methods,
    reason = "the program that is watched runs in real time: it is waited for and its answers are timed"
)]

mod api_client;
mod both_databases;
mod cluster;
mod enumeration;
mod guessing;
mod half_sent_requests;
mod kept_port;
mod killed;
mod ledger;
mod load;
mod mail;
mod mail_server;
mod one_winner;
mod password_race;
mod people;
mod postgres_gone;
mod program;
mod races;
mod rounds;
mod second_factor_races;
mod secrets;
mod secrets_used;
mod stopping;
mod storm;
mod turns;
mod two_nodes;
