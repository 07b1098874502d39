//! Ports for programs that are ended and started again where they were.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicU32, Ordering};

/// Below the ports that a system gives to whoever asks for any (from 32768 on Linux, 49152 in RFC 6335): one of
/// those would be somebody else's by the time the program comes back.
const FIRST: u16 = 20_000;
const COUNT: u32 = 12_000;

static TAKEN: AtomicU32 = AtomicU32::new(0);

/// A free port that nobody is given by chance.
pub(crate) fn kept_port() -> u16 {
    let of_this_process = std::process::id().wrapping_mul(101);
    (0..COUNT)
        .map(|_| of_this_process.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed)) % COUNT)
        .map(|offset| FIRST + u16::try_from(offset).unwrap())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a free port")
}
