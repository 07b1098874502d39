//! The edge over real HTTP on the loopback. One program, so that it links once; a module a topic.

mod framing;
mod raw_client;
mod served;
