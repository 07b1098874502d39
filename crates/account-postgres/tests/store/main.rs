//! What the adapter promises beyond the kit's conformance cases: races across nodes, outages, lost
//! connections, cancelled requests, proxies. Each test has a database of its own.

mod fixture;
mod guard;
mod like_the_model;
