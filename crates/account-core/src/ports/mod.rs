//! The outside, as a handful of traits: clock, entropy, password hasher, keyring, throttle, mailer.
//! Each has a default that is ready for production; a store's is a crate of its own.

pub mod alarm;
pub mod clock;
pub mod entropy;
pub mod hasher;
pub mod keyring;
pub mod listener;
pub mod mailer;
pub mod throttle;
