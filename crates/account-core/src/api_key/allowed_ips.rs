//! The allow-list of an API key: strict reading, matching by family, containment, and an encoding to
//! authenticate. Which address a request came from is the edge's to find out.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::field::Fault;
use crate::malformed::Malformed;

/// The most entries (contract 9.6).
const MOST_ENTRIES: usize = 50;
/// Bits of an IPv6 address before the IPv4 address mapped into it (RFC 4291 section 2.5.5.2).
const MAPPED_BITS: u8 = 96;

/// From where an API key may be used: addresses and CIDR ranges (contract 9.4, SEC-35).
///
/// An entry is kept as written, and compared as the network it means: host bits do not count, an
/// IPv4 address mapped into IPv6 is IPv4, and an address is only ever matched by its own family. An
/// empty list restricts nothing, and only a list that was written empty is empty: an entry that
/// cannot be read refuses the whole list.
///
/// ```
/// use account_core::api_key::AllowedIps;
/// let list = AllowedIps::parse(&["10.0.0.0/8", "192.168.10.10/28", "::1"]).unwrap();
/// assert!(list.admits("192.168.10.15".parse().unwrap()));
/// assert!(list.admits("::ffff:10.1.2.3".parse().unwrap()));
/// assert!(!list.admits("192.168.10.16".parse().unwrap()));
/// assert_eq!(list.entries(), ["10.0.0.0/8", "192.168.10.10/28", "::1"]);
/// assert!(AllowedIps::parse(&["10.0.0.0/33"]).is_err());
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedIps {
    entries: Vec<String>,
    networks: Vec<IpNet>,
}

impl AllowedIps {
    /// From a request. White space around an entry is dropped.
    ///
    /// # Errors
    /// Faults of the list itself come without an index, faults of an entry with the entry's:
    /// [`Fault::TooManyItems`] first, then [`Fault::NotAnAddress`] for each unreadable one of the
    /// first fifty.
    ///
    /// ```
    /// use account_core::{api_key::AllowedIps, field::Fault};
    /// assert_eq!(
    ///     AllowedIps::parse(&["::1", "hodor"]),
    ///     Err(vec![(Some(1), Fault::NotAnAddress("hodor".to_owned()))]),
    /// );
    /// ```
    pub fn parse(written: &[impl AsRef<str>]) -> Result<Self, Vec<(Option<usize>, Fault)>> {
        let mut faults = Vec::new();
        if written.len() > MOST_ENTRIES {
            faults.push((None, Fault::TooManyItems(MOST_ENTRIES)));
        }
        let mut list = Self::default();
        for (index, entry) in written.iter().take(MOST_ENTRIES).enumerate() {
            let entry = entry.as_ref().trim();
            match network(entry) {
                Some(network) => list.push(entry.to_owned(), network),
                None => faults.push((Some(index), Fault::NotAnAddress(entry.to_owned()))),
            }
        }
        if faults.is_empty() { Ok(list) } else { Err(faults) }
    }

    /// From a store: what [`entries`](Self::entries) gave. The number of entries is not limited here.
    ///
    /// # Errors
    /// [`Malformed`] if one cannot be read; the list is then refused, never taken for an empty one.
    pub fn from_stored(entries: Vec<String>) -> Result<Self, Malformed> {
        let networks = entries.iter().map(|entry| network(entry)).collect::<Option<Vec<_>>>();
        Ok(Self { networks: networks.ok_or(Malformed("allow-list"))?, entries })
    }

    /// The entries as they were written, in that order.
    pub fn entries(&self) -> &[String] {
        &self.entries
    }

    /// Whether every address may use the key.
    pub fn is_unrestricted(&self) -> bool {
        self.networks.is_empty()
    }

    /// Whether `client` may use the key. Allocates nothing.
    pub fn admits(&self, client: IpAddr) -> bool {
        let client = client.to_canonical();
        self.is_unrestricted() || self.networks.iter().any(|network| network.contains(&client))
    }

    /// Whether a key with the list `other` could be used from nowhere that this list forbids
    /// (SEC-38): each entry of `other` lies within one of ours, and `other` is not empty unless this is.
    ///
    /// ```
    /// use account_core::api_key::AllowedIps;
    /// let maker = AllowedIps::parse(&["10.0.0.0/8"]).unwrap();
    /// assert!(maker.covers(&AllowedIps::parse(&["10.1.0.0/16", "10.2.3.4"]).unwrap()));
    /// assert!(!maker.covers(&AllowedIps::parse(&["0.0.0.0/0"]).unwrap()));
    /// assert!(!maker.covers(&AllowedIps::default()));
    /// ```
    pub fn covers(&self, other: &Self) -> bool {
        let within = |inner: &IpNet| self.networks.iter().any(|outer| outer.contains(inner));
        self.is_unrestricted() || (!other.is_unrestricted() && other.networks.iter().all(within))
    }

    /// The networks, for a MAC: of each, in order, the family (4 or 6), the length of its prefix, and
    /// the bytes of its first address. Two lists have the same encoding if and only if they mean the
    /// same networks in the same order.
    ///
    /// ```
    /// use account_core::api_key::AllowedIps;
    /// let list = AllowedIps::parse(&["10.1.2.3/8"]).unwrap();
    /// assert_eq!(list.canonical_bytes(), [4, 8, 10, 0, 0, 0]);
    /// ```
    pub fn canonical_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for network in &self.networks {
            let family = if network.addr().is_ipv4() { 4 } else { 6 };
            bytes.extend([family, network.prefix_len()]);
            match network.addr() {
                IpAddr::V4(address) => bytes.extend(address.octets()),
                IpAddr::V6(address) => bytes.extend(address.octets()),
            }
        }
        bytes
    }

    fn push(&mut self, entry: String, network: IpNet) {
        self.entries.push(entry);
        self.networks.push(network);
    }
}

/// The network that an entry means, or nothing for any syntax but `address` and `address/prefix`.
fn network(entry: &str) -> Option<IpNet> {
    let (address, prefix) = match entry.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix_length(prefix)?)),
        None => (entry, None),
    };
    // The standard parser takes no octal, short, hexadecimal or zoned forms.
    let network = match address.parse().ok()? {
        IpAddr::V4(address) => IpNet::V4(Ipv4Net::new(address, prefix.unwrap_or(32)).ok()?),
        IpAddr::V6(address) => v6_network(address, prefix.unwrap_or(128))?,
    };
    Some(network.trunc())
}

/// A mapped IPv4 network is IPv4; a wider one, which holds other addresses too, stays IPv6.
fn v6_network(address: Ipv6Addr, prefix: u8) -> Option<IpNet> {
    match (address.to_ipv4_mapped(), prefix.checked_sub(MAPPED_BITS)) {
        (Some(mapped), Some(prefix)) => Some(IpNet::V4(Ipv4Net::new(mapped, prefix).ok()?)),
        _ => Some(IpNet::V6(Ipv6Net::new(address, prefix).ok()?)),
    }
}

/// Decimal digits without sign or leading zeros.
fn prefix_length(text: &str) -> Option<u8> {
    let canonical = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok())?
}
