//! The edge over real HTTP on the loopback, over every store. One program, so that it links once; a
//! module a topic.

mod account_details;
mod activity;
mod api_keys;
mod bodies;
mod credentials;
mod email;
mod framing;
mod house;
mod order_of_checks;
mod password;
mod person;
mod raw_client;
mod served;
mod ssh_keys;
mod store_kind;
mod two_factor;
