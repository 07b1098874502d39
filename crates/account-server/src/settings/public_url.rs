//! The address under which browsers reach the server, reduced to its origin: scheme, host, port. The
//! origin is what cross-site requests are measured against; nothing here looks at a request.

use std::net::IpAddr;

/// An origin such as `https://account.example.com`, in the spelling that browsers send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PublicUrl {
    origin: String,
    tls: bool,
    loopback: bool,
}

impl PublicUrl {
    /// Parses a URL that has nothing after the port but, at most, a slash.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let lower = text.to_ascii_lowercase();
        let (tls, rest) = match (lower.strip_prefix("https://"), lower.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err("must begin with https:// or http://".into()),
        };
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        if authority.contains(['/', '?', '#', '@']) {
            return Err("must be an origin alone, such as https://account.example.com".into());
        }
        let (host, port) = split_port(authority)?;
        let default = if tls { 443 } else { 80 };
        let port = port.filter(|port| *port != default).map(|port| format!(":{port}"));
        let scheme = if tls { "https" } else { "http" };
        Ok(Self {
            origin: format!("{scheme}://{host}{}", port.unwrap_or_default()),
            tls,
            loopback: is_loopback(host),
        })
    }

    /// The origin as a browser spells it: no trailing slash, no default port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether browsers come over TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether it names this machine alone.
    pub(crate) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), String> {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
            let port = port.parse().ok().filter(|port| digits && *port != 0);
            (host, Some(port.ok_or("the port must be a number from 1 to 65535")?))
        }
        _ => (authority, None),
    };
    let good = match host.strip_prefix('[').map(|rest| rest.strip_suffix(']')) {
        Some(inside) => inside.is_some_and(|address| address.parse::<std::net::Ipv6Addr>().is_ok()),
        None => {
            !host.is_empty()
                && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
        }
    };
    if good { Ok((host, port)) } else { Err("the host's name cannot be understood".into()) }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or(host == "localhost" || host.ends_with(".localhost"), |address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_reduced_to_the_origin_that_a_browser_sends() {
        for (text, origin) in [
            ("https://Account.Example.com/", "https://account.example.com"),
            ("https://a.example:443", "https://a.example"),
            ("http://localhost:80/", "http://localhost"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
            ("https://[::1]", "https://[::1]"),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().origin(), origin);
        }
    }

    #[test]
    fn a_path_a_user_or_another_scheme_is_refused() {
        for bad in [
            "",
            "example.com",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://a?b",
            "https://a:0",
            "https://a:x",
            "https://a:+80",
            "https://a:",
            "https://[::1",
            "https://a b",
            "https://[1.2.3.4]",
        ] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_told_from_the_world() {
        for (text, here) in [
            ("http://localhost:1", true),
            ("http://127.3.2.1", true),
            ("http://[::1]:3", true),
            ("http://localhost.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(PublicUrl::parse(text).unwrap().is_loopback(), here, "{text}");
        }
    }
}
