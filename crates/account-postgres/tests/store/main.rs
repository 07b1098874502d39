//! What the adapter promises beyond the kit's cases: races across nodes, outages, lost connections,
//! cancelled requests, proxies. Each test has a database of its own.

mod cancelled;
mod faults;
mod fixture;
mod guard;
mod like_the_model;
mod opening;
mod outage;
mod pooling;
mod wire;
