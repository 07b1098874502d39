use std::net::IpAddr;

use proptest::prelude::*;

use super::AllowedIps;
use crate::field::Fault;

fn list(entries: &[&str]) -> AllowedIps {
    AllowedIps::parse(entries).unwrap()
}

fn admits(entry: &str, client: &str) -> bool {
    list(&[entry]).admits(client.parse().unwrap())
}

#[test]
fn entries_of_the_contract_are_taken_and_kept_as_written() {
    let written = [
        "127.0.0.1",
        "127.0.0.1/32",
        "::1",
        "::1/128",
        "::ffff:7f00:1",
        "192.168.10.10/28",
        "2001:DB8:0:0::1",
    ];
    assert_eq!(list(&written).entries(), written);
    assert_eq!(list(&[" 127.0.0.1 ", "10.0.0.0/8\n"]).entries(), ["127.0.0.1", "10.0.0.0/8"]);
}

#[test]
fn sec_35_f_22_f_23_every_other_syntax_is_refused_by_entry_and_index() {
    let bad = [
        "",
        "hodor",
        "hodor/24",
        "localhost",
        "example.com",
        "*",
        "192.168.1.*",
        "256.1.1.1",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.0/08",
        "10.0.0.0/",
        "10.0.0.0/ 8",
        "10.0.0.0 /8",
        "10.0.0.0/8/8",
        "10.0.0.0/8.0",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0 255.0.0.0",
        "127.0.0",
        "127.1",
        "1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "010.0.0.1",
        "0b1111111",
        "127.0.0.1:80",
        "[::1]",
        "[::1]:80",
        "::1/129",
        "::1/999",
        "::/-0",
        "fe80::1%eth0",
        "fe80::1%25eth0",
        ":::1",
        "1::2::3",
        "::ffff:1.2.3.400",
        "::g",
        "1:2:3:4:5:6:7",
        "1:2:3:4:5:6:7:8:9",
        "12345::",
        "192.168.1.1-192.168.1.20",
        "192.168.1.20-192.168.1.1",
        "1.2.3.4,5.6.7.8",
        "1.2.3.4 5.6.7.8",
        "1.2.3.4\0",
        "１.2.3.4",
        "10.0.0.0/٨",
        "1.2.3.4.5",
        "1..2.3",
        "/8",
        "/",
    ];
    assert!(bad.len() > 30);
    for entry in bad {
        let fault = Fault::NotAnAddress(entry.to_owned());
        assert_eq!(AllowedIps::parse(&["::1", entry]), Err(vec![(Some(1), fault)]), "{entry:?}");
        assert!(AllowedIps::from_stored(vec![entry.to_owned()]).is_err(), "{entry:?}");
    }
    let two = AllowedIps::parse(&["x", "::1", "y"]).unwrap_err();
    assert_eq!(two.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [Some(0), Some(2)]);
}

#[test]
fn f_21_f_24_the_vectors_of_the_contract_hold() {
    assert!(!admits("42.1.0.0/16", "2a01:4f8::1"));
    assert!(!admits("2001::/16", "32.1.5.5"));
    assert!(!admits("::/0", "10.0.0.1"));
    assert!(!admits("0.0.0.0/0", "2a01:4f8::1"));
    assert!(admits("10.0.0.0/8", "::ffff:10.1.2.3"));
    for last in 0..=255u8 {
        assert_eq!(admits("192.168.10.10/28", &format!("192.168.10.{last}")), last < 16);
        assert_eq!(admits("192.168.100.100/27", &format!("192.168.100.{last}")), (96..128).contains(&last));
    }
}

#[test]
fn sec_35_mapped_entries_are_ipv4_and_wider_ones_are_not() {
    assert!(admits("::ffff:127.0.0.1", "127.0.0.1"));
    assert!(admits("::ffff:7f00:1", "::ffff:127.0.0.1"));
    assert!(admits("::ffff:127.0.0.0/104", "127.9.9.9"));
    assert!(!admits("::ffff:127.0.0.0/104", "128.0.0.1"));
    assert!(admits("::ffff:0:0/96", "8.8.8.8"));
    assert!(!admits("::ffff:0:0/95", "8.8.8.8"));
    assert!(!admits("::/96", "::ffff:8.8.8.8"));
    assert!(admits("::/96", "::8.8.8.8"));
    assert!(!admits("::ffff:0:0/96", "::8.8.8.8"));
}

#[test]
fn an_empty_list_admits_everyone() {
    let everyone = AllowedIps::from_stored(Vec::new()).unwrap();
    assert!(everyone.is_unrestricted());
    assert!(everyone.admits("1.2.3.4".parse().unwrap()) && everyone.admits("::1".parse().unwrap()));
    assert!(everyone.canonical_bytes().is_empty());
}

#[test]
fn a_list_has_at_most_fifty_entries() {
    assert!(AllowedIps::parse(&["::1"; 50]).is_ok());
    assert_eq!(AllowedIps::parse(&["::1"; 51]), Err(vec![(None, Fault::TooManyItems(50))]));
    let flood = AllowedIps::parse(&vec!["x"; 10_000]).unwrap_err();
    assert_eq!(flood.len(), 51, "what is beyond the limit is not answered one by one");
}

#[test]
fn sec_38_a_restricted_list_covers_only_what_lies_within_it() {
    let maker = list(&["10.0.0.0/8", "2001:db8::/32"]);
    for inside in [&["10.0.0.0/8"][..], &["10.1.0.0/16", "2001:db8:1::/48"], &["::ffff:10.0.0.1"]] {
        assert!(maker.covers(&list(inside)), "{inside:?}");
    }
    for outside in [&[][..], &["0.0.0.0/0"], &["::/0"], &["10.0.0.0/7"], &["10.0.0.1", "11.0.0.1"]] {
        assert!(!maker.covers(&list(outside)), "{outside:?}");
    }
    let everyone = AllowedIps::default();
    assert!(everyone.covers(&everyone) && everyone.covers(&maker));
}

#[test]
fn sec_35_equal_forms_have_equal_canonical_bytes() {
    for (one, other) in [
        ("127.0.0.1", "127.0.0.1/32"),
        ("10.1.2.3/8", "10.0.0.0/8"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("2001:DB8:0:0::1", "2001:db8::1/128"),
    ] {
        assert_eq!(list(&[one]).canonical_bytes(), list(&[other]).canonical_bytes());
    }
    assert_ne!(list(&["10.0.0.0/8"]).canonical_bytes(), list(&["10.0.0.0/9"]).canonical_bytes());
}

/// The independent model: a network as bits, compared one by one, and IPv4 as what is mapped.
mod model {
    use super::*;

    pub(super) fn bits(address: IpAddr) -> (bool, Vec<bool>) {
        let (v4, bytes) = match address {
            IpAddr::V4(address) => (true, address.octets().to_vec()),
            IpAddr::V6(address) => match address.octets() {
                [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d] => (true, vec![a, b, c, d]),
                octets => (false, octets.to_vec()),
            },
        };
        (v4, bytes.iter().flat_map(|byte| (0..8).map(move |bit| byte & (0x80 >> bit) != 0)).collect())
    }

    pub(super) fn contains(network: IpAddr, prefix: u8, client: IpAddr) -> bool {
        let written_v6 = network.is_ipv6();
        let ((mut v4, mut ours), (client_v4, theirs)) = (bits(network), bits(client));
        let mut prefix = usize::from(prefix);
        if v4 && written_v6 && prefix >= 96 {
            prefix -= 96;
        } else if v4 && written_v6 {
            v4 = false;
            ours = [vec![false; 80], vec![true; 16], ours].concat();
        }
        v4 == client_v4 && ours[..prefix] == theirs[..prefix]
    }
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        (0..4u8, 0..4u8).prop_map(|(a, b)| IpAddr::from([10, 0, a, b])),
        any::<[u8; 16]>().prop_map(IpAddr::from),
        (0..4u16, 0..4u16).prop_map(|(a, b)| IpAddr::from([0x2001, 0xdb8, 0, 0, 0, 0, a, b])),
        (0..4u16, any::<u16>()).prop_map(|(a, b)| IpAddr::from([0, 0, 0, 0, 0, 0xffff, 0x0a00 + a, b])),
        (0..4u16, 0..4u16).prop_map(|(a, b)| IpAddr::from([0, 0, 0, 0, 0, 0, a, b])),
    ]
}

fn network() -> impl Strategy<Value = (IpAddr, u8)> {
    (address(), any::<u8>())
        .prop_map(|(address, draw)| (address, draw % if address.is_ipv4() { 33 } else { 129 }))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn sec_35_f_21_matching_agrees_with_a_model_that_compares_bits(
        networks in prop::collection::vec(network(), 1..5), client in address(),
    ) {
        let written: Vec<_> = networks.iter().map(|(address, prefix)| format!("{address}/{prefix}")).collect();
        let expected = networks.iter().any(|(address, prefix)| model::contains(*address, *prefix, client));
        let list = AllowedIps::parse(&written).unwrap();
        prop_assert_eq!(list.admits(client), expected);
        prop_assert_eq!(list.entries(), &written);
        prop_assert_eq!(AllowedIps::from_stored(written), Ok(list));
    }

    #[test]
    fn sec_38_what_a_covered_list_admits_the_covering_list_admits(
        ours in prop::collection::vec(network(), 0..4), theirs in prop::collection::vec(network(), 0..4), client in address(),
    ) {
        let list = |networks: &[(IpAddr, u8)]| {
            AllowedIps::parse(&networks.iter().map(|(a, p)| format!("{a}/{p}")).collect::<Vec<_>>()).unwrap()
        };
        let (ours, theirs) = (list(&ours), list(&theirs));
        if ours.covers(&theirs) && theirs.admits(client) {
            prop_assert!(ours.admits(client));
        }
        prop_assert!(ours.covers(&ours));
    }

    #[test]
    fn no_text_panics(entries in prop::collection::vec(any::<String>(), 0..4), near in "[0-9a-f:./%x-]{0,24}") {
        let _ = AllowedIps::parse(&entries);
        if let Ok(list) = AllowedIps::parse(&[&near]) {
            prop_assert_eq!(AllowedIps::from_stored(vec![near]), Ok(list));
        }
    }
}
