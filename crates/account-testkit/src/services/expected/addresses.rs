//! Allow-lists bit by bit: which addresses one lets in, and whether one lies inside another. Written
//! apart from the core's, so that the two can disagree.

use std::net::IpAddr;

/// A network: family, first bits, how many of them count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Network {
    is_v6: bool,
    bits: u128,
    counted: u32,
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (false, u128::from(v4.to_bits()) << 96),
        IpAddr::V6(v6) => (true, v6.to_bits()),
    }
}

impl Network {
    /// The kit writes well-formed entries; an unreadable one lets nobody in.
    fn parse(entry: &str) -> Option<Self> {
        let (address, length) = entry.split_once('/').map_or((entry, None), |(a, l)| (a, Some(l)));
        let (is_v6, bits) = bits(address.parse().ok()?);
        let counted = match length {
            Some(length) => length.parse().ok()?,
            None if is_v6 => 128,
            None => 32,
        };
        Some(Self { is_v6, bits, counted })
    }

    fn mask(counted: u32) -> u128 {
        if counted == 0 { 0 } else { u128::MAX << 128u32.saturating_sub(counted) }
    }

    fn has(&self, is_v6: bool, bits: u128, counted: u32) -> bool {
        let mask = Self::mask(self.counted);
        self.is_v6 == is_v6 && self.counted <= counted && self.bits & mask == bits & mask
    }
}

fn networks(list: &[String]) -> Vec<Network> {
    list.iter().filter_map(|entry| Network::parse(entry)).collect()
}

/// Whether a key with this list may be used from there.
pub(crate) fn admits(list: &[String], from: Option<IpAddr>) -> bool {
    list.is_empty()
        || from.map(bits).is_some_and(|(is_v6, bits)| {
            networks(list).iter().any(|network| network.has(is_v6, bits, if is_v6 { 128 } else { 32 }))
        })
}

/// Whether a key with the list `inner` can be used from nowhere that `outer` forbids.
pub(crate) fn covers(outer: &[String], inner: &[String]) -> bool {
    let outside = networks(outer);
    let inside = |network: &Network| {
        outside.iter().any(|outer| outer.has(network.is_v6, network.bits, network.counted))
    };
    outer.is_empty() || (!inner.is_empty() && networks(inner).iter().all(inside))
}
