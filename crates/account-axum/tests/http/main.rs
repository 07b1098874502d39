//! The edge over real HTTP on the loopback, over every store. One program, so that it links once; a
//! module a topic.

mod account_details;
mod activity;
mod api_keys;
mod bodies;
mod checkpoint;
mod credentials;
mod email;
mod embedding;
mod failures;
mod framing;
mod guesses_at_once;
mod house;
mod known_faults;
mod order_of_checks;
mod password;
mod person;
mod raw_client;
mod recorded;
mod recorded_given;
mod recorded_shape;
mod recovery;
mod repeated_requests;
mod served;
mod sessions;
mod sign_in;
mod ssh_keys;
mod store_kind;
mod trail;
mod two_factor;
mod two_nodes;
mod what_a_change_ends;
