//! The store on a real file: what the conformance kit cannot know of SQLite.

mod corrupt_rows;
mod fixture;
mod full_disk;
mod key_numbers;
mod killed;
mod log;
mod opening;
mod queue;
mod rows;
mod secrets_at_rest;
mod several_at_once;
