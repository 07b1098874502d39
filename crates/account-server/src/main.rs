//! The account server: configuration, wiring and the command line.
fn main() {}
