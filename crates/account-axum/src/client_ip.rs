//! Which address a request came from (contract 1.4, SEC-36).
//!
//! The socket's peer, unless that peer is a listed proxy: then the right-most hop of
//! `X-Forwarded-For` that is no listed proxy. When that cannot be told the address is *unknown*,
//! and a key with an allow-list is refused; it is never guessed. No other forwarding header is read.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address of the client, or `None` if it is unknown. IPv4 that came in IPv6 clothes is IPv4.
///
/// An extractor for any router whose state gives [`TrustedProxies`]; the server must be served
/// with connect information (`into_make_service_with_connect_info::<SocketAddr>()`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientIp(pub Option<IpAddr>);

impl<S> FromRequestParts<S> for ClientIp
where
    S: Send + Sync,
    TrustedProxies: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(TrustedProxies::from_ref(state).client_ip(&parts.extensions, &parts.headers))
    }
}

/// The proxies whose `X-Forwarded-For` is believed. None by default.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies {
    networks: Arc<[IpNet]>,
    warned: Arc<AtomicBool>,
}

/// An entry of the list is neither an address nor a CIDR range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is not an IP address or CIDR range")]
pub struct InvalidProxy(pub String);

impl TrustedProxies {
    /// Believes nobody: the client is the socket's peer.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads a list of addresses and CIDR ranges, separated by commas. Empty trusts nobody.
    ///
    /// ```
    /// use account_axum::client_ip::TrustedProxies;
    /// let proxies = TrustedProxies::parse("10.0.0.0/8, ::1").unwrap();
    /// assert!(proxies.trusts("10.1.2.3".parse().unwrap()));
    /// assert!(proxies.trusts("::ffff:10.1.2.3".parse().unwrap()));
    /// assert!(!proxies.trusts("192.0.2.1".parse().unwrap()));
    /// ```
    ///
    /// # Errors
    /// The first entry that is neither.
    pub fn parse(list: &str) -> Result<Self, InvalidProxy> {
        let networks: Vec<IpNet> = list
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(|entry| network(entry).ok_or_else(|| InvalidProxy(entry.to_owned())))
            .collect::<Result<_, _>>()?;
        Ok(Self { networks: networks.into(), warned: Arc::default() })
    }

    /// Whether `address` is one of the proxies.
    pub fn trusts(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    /// The client of a request with these extensions and headers.
    pub fn client_ip(&self, extensions: &Extensions, headers: &HeaderMap) -> ClientIp {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        ClientIp(peer.and_then(|peer| self.behind(peer, headers)))
    }

    /// The client behind `peer`: itself, or who it forwards for. `None` if that is not told.
    fn behind(&self, peer: IpAddr, headers: &HeaderMap) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            self.warn_of_untrusted_header(peer, headers);
            return Some(peer);
        }
        let mut nearest_first = headers
            .get_all(FORWARDED_FOR)
            .iter()
            .rev()
            .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','))
            .map(hop)
            .peekable();
        while let Some(hop) = nearest_first.next() {
            let address = hop?;
            if !self.trusts(address) || nearest_first.peek().is_none() {
                return Some(address);
            }
        }
        None
    }

    fn warn_of_untrusted_header(&self, peer: IpAddr, headers: &HeaderMap) {
        if headers.contains_key(FORWARDED_FOR) && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "X-Forwarded-For from a peer that is no trusted proxy is ignored; this is said once"
            );
        }
    }
}

/// One hop: a plain address, with blanks around it. A port, a name or a zone is malformed.
fn hop(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim_matches([' ', '\t']);
    text.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

/// One entry of the list; an IPv6 range of mapped IPv4 addresses becomes the IPv4 range.
fn network(entry: &str) -> Option<IpNet> {
    let network = match entry.parse::<IpNet>() {
        Ok(network) => network,
        Err(_) => IpNet::from(entry.parse::<IpAddr>().ok()?),
    };
    let mapped_prefix = network.prefix_len().checked_sub(96);
    match (network.addr().to_canonical(), mapped_prefix) {
        (IpAddr::V4(address), Some(prefix)) if network.addr().is_ipv6() => {
            IpNet::new(IpAddr::V4(address), prefix).ok()
        }
        _ => Some(network),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    const PROXIES: &str = "10.0.0.0/8, 2001:db8:1::/48, ::1";

    fn client(peer: &str, lines: &[&str]) -> String {
        let proxies = TrustedProxies::parse(PROXIES).unwrap();
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        let found = proxies.behind(peer.parse().unwrap(), &headers);
        found.map_or_else(|| "unknown".into(), |address| address.to_string())
    }

    #[test]
    fn sec_36_without_trusted_proxies_the_peer_is_the_client() {
        assert_eq!(client("192.0.2.9", &[]), "192.0.2.9");
        assert_eq!(client("192.0.2.9", &["10.0.0.5"]), "192.0.2.9");
        assert_eq!(client("::ffff:192.0.2.9", &["1.1.1.1"]), "192.0.2.9");
    }

    #[test]
    fn sec_36_a_trusted_peer_is_believed_up_to_the_first_stranger_from_the_right() {
        assert_eq!(client("10.0.0.1", &["203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("::1", &["6.6.6.6, 203.0.113.7, 10.9.9.9"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["rubbish, 203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["::ffff:203.0.113.7"]), "203.0.113.7");
        assert_eq!(client("10.0.0.1", &["2001:db8:2::1 ,\t2001:db8:1::5"]), "2001:db8:2::1");
    }

    #[test]
    fn sec_36_several_header_lines_are_one_list() {
        assert_eq!(client("10.0.0.1", &["6.6.6.6", "203.0.113.7", "10.0.0.2"]), "203.0.113.7");
    }

    #[test]
    fn sec_36_a_trusted_peer_without_a_valid_header_leaves_the_client_unknown() {
        assert_eq!(client("10.0.0.1", &[]), "unknown");
        for bad in [
            "",
            "unknown",
            "203.0.113.7:443",
            "[2001:db8:2::1]",
            "203.0.113.7,",
            "203.0.113.7, x",
            "203.0.113",
            "0x7f.0.0.1",
            "fe80::1%eth0",
            "é",
        ] {
            assert_eq!(client("10.0.0.1", &[bad]), "unknown", "{bad}");
        }
    }

    #[test]
    fn a_request_that_began_at_a_proxy_came_from_that_proxy() {
        assert_eq!(client("10.0.0.1", &["10.7.7.7, 10.0.0.2"]), "10.7.7.7");
    }

    #[test]
    fn without_connect_information_the_client_is_unknown() {
        let proxies = TrustedProxies::none();
        assert_eq!(proxies.client_ip(&Extensions::new(), &HeaderMap::new()), ClientIp(None));
    }

    #[test]
    fn an_entry_that_is_no_network_is_named() {
        for bad in ["hodor", "10.0.0.0/33", "10.0.0.0/", "::1/129", "1.2.3", "10.0.0.0-10.0.0.9"] {
            assert_eq!(TrustedProxies::parse(bad).unwrap_err(), InvalidProxy(bad.to_owned()));
        }
        assert!(!TrustedProxies::parse(" ").unwrap().trusts("127.0.0.1".parse().unwrap()));
        assert!(TrustedProxies::parse("::ffff:10.0.0.0/104").unwrap().trusts("10.1.1.1".parse().unwrap()));
        assert!(!TrustedProxies::parse("::/0").unwrap().trusts("10.1.1.1".parse().unwrap()));
    }

    #[derive(Debug, Clone)]
    enum Hop {
        Proxy(u8),
        Stranger(u8),
        MappedStranger(u8),
        Malformed,
    }

    impl Hop {
        fn text(&self) -> String {
            match self {
                Self::Proxy(n) => format!("10.0.0.{n}"),
                Self::Stranger(n) => format!("203.0.113.{n}"),
                Self::MappedStranger(n) => format!("::ffff:203.0.113.{n}"),
                Self::Malformed => "no-address".into(),
            }
        }
    }

    /// The rule once more, said from the other side: cut the list at the last hop that is no
    /// proxy; what is left of it does not count.
    fn model(hops: &[Hop]) -> String {
        let decisive = hops.iter().rposition(|hop| !matches!(hop, Hop::Proxy(_))).unwrap_or(0);
        match hops.get(decisive) {
            None | Some(Hop::Malformed) => "unknown".into(),
            Some(Hop::Proxy(n)) => format!("10.0.0.{n}"),
            Some(Hop::Stranger(n) | Hop::MappedStranger(n)) => format!("203.0.113.{n}"),
        }
    }

    fn any_hop() -> impl Strategy<Value = Hop> {
        prop_oneof![
            4 => any::<u8>().prop_map(Hop::Proxy),
            2 => any::<u8>().prop_map(Hop::Stranger),
            1 => any::<u8>().prop_map(Hop::MappedStranger),
            1 => Just(Hop::Malformed),
        ]
    }

    proptest! {
        #[test]
        fn sec_36_walking_the_hops_agrees_with_the_model(
            lines in proptest::collection::vec(proptest::collection::vec(any_hop(), 1..5), 0..4)
        ) {
            let texts: Vec<String> = lines
                .iter()
                .map(|line| line.iter().map(Hop::text).collect::<Vec<_>>().join(", "))
                .collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            prop_assert_eq!(client("10.0.0.1", &texts), model(&lines.concat()));
        }

        #[test]
        fn sec_36_no_header_moves_a_peer_that_is_not_trusted(line in "[ -~]{0,60}") {
            prop_assert_eq!(client("198.51.100.4", &[&line]), "198.51.100.4");
        }
    }
}
