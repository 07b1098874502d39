//! The small values: addresses, networks, switches, numbers. Each parser says in a few words what it
//! would have taken; the caller puts the setting's name before it.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

/// Who must have two-factor authentication on (contract 1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TwoFactorRequired {
    /// Nobody must.
    #[default]
    Nobody,
    /// Administrators must.
    Administrators,
    /// Everybody must.
    Everybody,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LogFormat {
    /// A line for people.
    #[default]
    Text,
    /// A JSON object a line.
    Json,
}

/// `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`. Port 0 lets the system choose.
pub(crate) fn listen(text: &str) -> Result<SocketAddr, String> {
    let numeric = text.replacen("localhost:", "127.0.0.1:", usize::from(text.starts_with("localhost:")));
    numeric.parse().map_err(|_| {
        format!("`{}` is not an address with a port, such as 127.0.0.1:8080", text.escape_default())
    })
}

/// Addresses and networks, separated by commas.
pub(crate) fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(network).collect()
}

fn network(entry: &str) -> Result<IpNet, String> {
    let parsed = match entry.parse::<IpAddr>() {
        Ok(address) => Ok(IpNet::from(address)),
        Err(_) => entry.parse::<IpNet>(),
    };
    let net = parsed.map_err(|_| {
        format!("`{}` is not an address or a network such as 10.0.0.0/8", entry.escape_default())
    })?;
    // A slip such as 10.1.2.3/8 would trust far more than the one who wrote it meant.
    if net.addr() != net.network() {
        return Err(format!("`{entry}` has bits beyond its prefix; the network is {}", net.trunc()));
    }
    Ok(net)
}

/// `on` or `off`, and their common synonyms.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "on" | "true" | "yes" | "1" => Ok(true),
        "off" | "false" | "no" | "0" => Ok(false),
        _ => Err("must be on or off".into()),
    }
}

/// A whole number of at least one and at most `max`.
pub(crate) fn count(max: u32) -> impl FnOnce(&str) -> Result<u32, String> {
    move |text| {
        let number = text.parse().ok().filter(|number| (1..=max).contains(number));
        number.ok_or_else(|| format!("must be a whole number from 1 to {max}"))
    }
}

/// `nobody`, `administrators`, `everybody`, or the numbers 0, 1, 2 that panels use.
pub(crate) fn two_factor_required(text: &str) -> Result<TwoFactorRequired, String> {
    match text.to_ascii_lowercase().as_str() {
        "0" | "nobody" => Ok(TwoFactorRequired::Nobody),
        "1" | "administrators" => Ok(TwoFactorRequired::Administrators),
        "2" | "everybody" => Ok(TwoFactorRequired::Everybody),
        _ => Err("must be nobody, administrators or everybody".into()),
    }
}

/// `text` or `json`.
pub(crate) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text.to_ascii_lowercase().as_str() {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".into()),
    }
}

/// The name that authenticator apps show: no colon, which divides issuer and account in their URI.
pub(crate) fn app_name(text: &str) -> Result<String, String> {
    let good = (1..=64).contains(&text.chars().count()) && !text.chars().any(|c| c == ':' || c.is_control());
    if good { Ok(text.to_owned()) } else { Err("must be 1 to 64 characters, without a colon".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listen_takes_addresses_with_a_port_and_localhost() {
        assert_eq!(listen("localhost:1").unwrap().to_string(), "127.0.0.1:1");
        assert_eq!(listen("[::1]:80").unwrap().to_string(), "[::1]:80");
        for bad in ["", "8080", "127.0.0.1", "example.com:80", "127.0.0.1:99999", "xlocalhost:1"] {
            assert!(listen(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bare_address_is_a_network_of_one_and_host_bits_are_refused() {
        let nets = networks("10.0.0.0/8, ::1 ,").unwrap();
        assert_eq!(nets.iter().map(ToString::to_string).collect::<Vec<_>>(), ["10.0.0.0/8", "::1/128"]);
        assert_eq!(networks("").unwrap(), []);
        assert!(networks("10.1.2.3/8").unwrap_err().contains("10.0.0.0/8"));
        for bad in ["10.0.0.0/33", "x", "10.0.0", "::/0/0"] {
            assert!(networks(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn numbers_and_names_mean_the_same_policy() {
        for (number, name, policy) in [
            ("0", "nobody", TwoFactorRequired::Nobody),
            ("1", "Administrators", TwoFactorRequired::Administrators),
            ("2", "everybody", TwoFactorRequired::Everybody),
        ] {
            assert_eq!(two_factor_required(number), Ok(policy));
            assert_eq!(two_factor_required(name), Ok(policy));
        }
        assert!(two_factor_required("3").is_err());
    }

    #[test]
    fn counts_stay_within_their_bounds() {
        assert_eq!(count(10)("10"), Ok(10));
        for bad in ["0", "11", "-1", "", "1.5"] {
            assert!(count(10)(bad).is_err());
        }
    }

    #[test]
    fn switches_names_and_formats_take_nothing_else() {
        assert_eq!(switch("OFF"), Ok(false));
        assert!(switch("maybe").is_err());
        assert_eq!(log_format("JSON"), Ok(LogFormat::Json));
        assert!(log_format("xml").is_err());
        assert!(app_name("Acme").is_ok());
        for bad in ["", "a:b", "a\nb"] {
            assert!(app_name(bad).is_err());
        }
    }
}
