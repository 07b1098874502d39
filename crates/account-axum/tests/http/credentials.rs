//! Who is let in with an API key, and from where (contract 1.4 and 16).

use std::time::Duration;

use account_axum::{ROUTES, TrustedProxies};
use account_core::api_key::{AllowedIps, Description, NewApiKey};
use serde_json::json;

use crate::house::House;
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{Kind, on_every_store};

const ACCOUNT: &str = "/api/client/account";

fn assert_unauthenticated(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}");
    assert_eq!(answer.error(), ("AuthenticationException".into(), "Unauthenticated.".into()), "{what}");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{what}");
    assert_eq!(answer.header("x-ratelimit-limit"), None, "{what}");
    assert_eq!(answer.header("set-cookie"), None, "{what}");
}

fn sec_40_no_route_is_open_to_somebody_without_a_credential(kind: Kind) {
    let house = House::new(kind);
    let alice = house.account("alice");
    assert!(ROUTES.len() >= 19);
    for route in ROUTES {
        let path = route.path.replace("{identifier}", "ptlc_00000000000").replace("{id}", "0");
        let as_alice = json!({"user_id": alice.id.0, "user": "alice", "_token": "x"});
        let ask = Ask::new(route.verb.as_str(), &format!("{path}?user_id={}", alice.id.0));
        assert_unauthenticated(&house.send(&ask.clone()), &path);
        let ask = ask.header("X-User-Id", alice.id.0.to_string()).json(&as_alice);
        assert_unauthenticated(&house.send(&ask), &path);
    }
}

fn sec_41_exactly_one_bearer_token_in_one_header_counts(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let token = alice.token.as_str();
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let ask = Ask::new("GET", ACCOUNT).header("Authorization", format!("{scheme} {token}"));
        assert_eq!(house.send(&ask).status, 200, "{scheme}");
    }
    for odd in [
        String::new(),
        token.to_owned(),
        format!("Token {token}"),
        format!("Basic {token}"),
        format!("Bearer  {token}"),
        format!("Bearer\t{token}"),
        format!("Bearer {token},"),
        format!("Bearer {token}, Bearer {token}"),
        format!("Bearer {token} x"),
        format!("Bearer \"{token}\""),
        "Bearer".to_owned(),
        "Bearer \u{e9}".to_owned(),
    ] {
        assert_unauthenticated(&house.send(&Ask::new("GET", ACCOUNT).header("Authorization", &odd)), &odd);
    }
    assert_unauthenticated(&house.send(&alice.ask("GET", ACCOUNT).bearer(token)), "two headers");
    for path in ["?token=", "?access_token=", "?api_token="] {
        let ask = Ask::new("GET", &format!("{ACCOUNT}{path}{token}"));
        assert_unauthenticated(&house.send(&ask), path);
    }
    assert_unauthenticated(&house.send(&Ask::new("GET", ACCOUNT).header("X-Api-Key", token)), "X-Api-Key");
}

fn sec_33_every_token_that_is_not_right_is_refused_alike(kind: Kind) {
    let house = House::new(kind);
    let token = house.person("alice").token;
    let swapped: String = token
        .chars()
        .map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() })
        .collect();
    let (identifier, secret) = token.split_at(16);
    let last = if token.ends_with('A') { "B" } else { "A" };
    let flipped = format!("{}{last}", &token[..token.len() - 1]);
    let wrong = [
        token[..47].to_owned(),
        format!("{token}0"),
        swapped,
        flipped,
        format!("{identifier}{}", "0".repeat(32)),
        format!("ptlc_00000000000{secret}"),
        identifier.to_owned(),
        secret.to_owned(),
        "ptlc_".to_owned(),
        "x".repeat(16 * 1024),
        format!("{token}%00"),
    ];
    let bodies: Vec<_> = wrong
        .iter()
        .map(|token| {
            let answer = house.send(&Ask::new("GET", ACCOUNT).bearer(token));
            assert_unauthenticated(&answer, &token[..token.len().min(60)]);
            answer.body
        })
        .collect();
    assert!(bodies.windows(2).all(|pair| pair[0] == pair[1]));
}

fn a_key_of_the_application_kind_is_told_so(kind: Kind) {
    let house = House::new(kind);
    let token = house.person("alice").token.replace("ptlc_", "ptla_");
    // There are none here, so it is known by its beginning and before anything is looked up.
    let bad = Ask::new("PUT", "/api/client/account/email").header("Content-Type", "application/json");
    for ask in [Ask::new("GET", ACCOUNT).bearer(&token), bad.bearer(&token).body("{bad")] {
        let answer = house.send(&ask);
        let detail =
            "You are attempting to use an application API key on an endpoint that requires a client API key.";
        assert_eq!(answer.error(), ("AccessDeniedHttpException".into(), detail.into()));
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (403, None));
    }
}

fn sec_36_a_key_for_another_address_is_refused_and_no_header_helps(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let blocked = alice.with_key(&house.key(&alice.account, &["10.0.0.0/8", "192.0.2.7"]));
    let expected =
        "This IP address (127.0.0.1) does not have permission to access the API using these credentials.";
    for (name, value) in [
        ("X-Nothing", "x"),
        ("X-Forwarded-For", "10.1.1.1"),
        ("X-Real-IP", "10.1.1.1"),
        ("Forwarded", "for=10.1.1.1"),
        ("CF-Connecting-IP", "10.1.1.1"),
        ("True-Client-IP", "10.1.1.1"),
        ("X-Client-IP", "10.1.1.1"),
        ("X-Forwarded-For", "192.0.2.7, 10.1.1.1"),
    ] {
        let answer = house.send(&blocked.ask("GET", ACCOUNT).header(name, value));
        assert_eq!(
            (answer.status, answer.error()),
            (403, ("AccessDeniedHttpException".into(), expected.into()))
        );
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
    assert!(alice.events().iter().filter(|event| *event == "auth:ip-blocked").count() == 8);
}

fn sec_36_behind_a_trusted_proxy_the_nearest_stranger_is_the_client(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.trusted_proxies = TrustedProxies::parse("127.0.0.0/8, ::1, 10.9.0.0/16").unwrap();
    });
    let alice = house.person("alice");
    let bound = alice.with_key(&house.key(&alice.account, &["203.0.113.0/24"]));
    let status = |forwarded: &[&str]| {
        let ask = bound.ask("GET", ACCOUNT);
        let ask = forwarded.iter().fold(ask, |ask, line| ask.header("X-Forwarded-For", line));
        house.send(&ask).status
    };
    assert_eq!(status(&["203.0.113.9"]), 200);
    assert_eq!(status(&["6.6.6.6, 203.0.113.9, 10.9.1.1"]), 200);
    assert_eq!(status(&["6.6.6.6", "203.0.113.9"]), 200);
    for bad in
        [&[][..], &["203.0.113.9, 6.6.6.6"], &["203.0.113.9, x"], &["203.0.113.9:80"], &["", "203.0.113.9,"]]
    {
        assert_eq!(status(bad), 403, "{bad:?}");
    }
    let unknown = house.send(&bound.ask("GET", ACCOUNT));
    assert!(unknown.error().1.contains("(unknown)"), "{unknown:?}");
    assert_eq!(alice.get(ACCOUNT).status, 200, "a key without a list needs no address");
}

fn f_24_a_mapped_address_is_the_ipv4_address(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for list in
        [&["127.0.0.0/8"][..], &["::ffff:127.0.0.1"], &["::ffff:7f00:0/104"], &["127.0.0.1/32", "::1"]]
    {
        let key = alice.with_key(&house.key(&alice.account, list));
        assert_eq!(key.get(ACCOUNT).status, 200, "{list:?}");
    }
    for list in [&["::/0"][..], &["::1"], &["::/96"], &["127.0.0.2"]] {
        let key = alice.with_key(&house.key(&alice.account, list));
        assert_eq!(key.get(ACCOUNT).status, 403, "{list:?}");
    }
}

fn f_21_a_range_admits_its_own_family_and_all_of_its_addresses(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.trusted_proxies = TrustedProxies::parse("127.0.0.1").unwrap();
        plan.options.requests_per_minute = None;
    });
    let alice = house.person("alice");
    for (range, inside, outside) in [
        ("42.1.0.0/16", &["42.1.255.255"][..], &["2a01:4f8::1", "42.2.0.0"][..]),
        ("2001::/16", &["2001:ffff::"], &["32.1.5.5", "2002::"]),
        ("::/0", &["2a01:4f8::1", "::1"], &["10.0.0.1", "::ffff:10.0.0.1"]),
        ("0.0.0.0/0", &["10.0.0.1", "::ffff:10.0.0.1"], &["2a01:4f8::1", "::1", "::10.0.0.1"]),
        ("10.0.0.0/8", &["10.255.0.1", "::ffff:10.1.2.3"], &["11.0.0.0", "::ffff:11.0.0.1"]),
        ("::ffff:203.0.113.0/120", &["203.0.113.9", "::ffff:203.0.113.9"], &["203.0.114.1"]),
        ("192.168.10.10/28", &["192.168.10.0", "192.168.10.15"], &["192.168.10.16", "192.168.9.255"]),
        (
            "192.168.100.100/27",
            &["192.168.100.96", "192.168.100.127"],
            &["192.168.100.95", "192.168.100.128"],
        ),
        ("2001:db8::ffff/64", &["2001:db8::", "2001:db8::1:2:3:4"], &["2001:db8:0:1::"]),
        ("192.0.2.7", &["192.0.2.7", "::ffff:192.0.2.7"], &["192.0.2.6", "192.0.2.8"]),
    ] {
        let made =
            alice.post("/api/client/account/api-keys", &json!({"description": "x", "allowed_ips": [range]}));
        let identifier = made.json()["attributes"]["identifier"].as_str().unwrap().to_owned();
        let key = alice.with_key(made.json()["meta"]["token"].as_str().unwrap());
        let from =
            |address: &str| house.send(&key.ask("GET", ACCOUNT).header("X-Forwarded-For", address)).status;
        for address in inside {
            assert_eq!(from(address), 200, "{range} has {address}");
        }
        for address in outside {
            assert_eq!(from(address), 403, "{range} has not {address}");
        }
        assert_eq!(alice.delete(&format!("/api/client/account/api-keys/{identifier}")).status, 204);
    }
}

fn f_21_over_ipv6_itself_an_ipv4_range_admits_nobody(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    // A machine without IPv6 has nobody to ask; what is forwarded is asked above on every machine.
    if let Some(over_ipv6) = house.served.over_ipv6 {
        for (list, expected) in [(&["0.0.0.0/0"][..], 403), (&["::1"], 200), (&["::/0"], 200), (&[], 200)] {
            let key = alice.with_key(&house.key(&alice.account, list));
            assert_eq!(key.ask("GET", ACCOUNT).send(over_ipv6).status, expected, "{list:?}");
        }
    }
}

fn a_last_use_is_written_once_a_minute(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let used_then_shown = |seconds: u64| {
        house.later(seconds);
        assert_eq!(alice.get(ACCOUNT).status, 200);
        house.flush();
        let keys = alice.get("/api/client/account/api-keys").json();
        keys["data"][0]["attributes"]["last_used_at"].as_str().unwrap().to_owned()
    };
    assert_eq!(used_then_shown(0), "2026-01-31T12:00:00+00:00");
    assert_eq!(used_then_shown(59), "2026-01-31T12:00:00+00:00");
    assert_eq!(used_then_shown(1), "2026-01-31T12:01:00+00:00");
}

fn f_25_a_blocked_use_is_no_use_and_an_admitted_one_shows(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let blocked = alice.with_key(&house.key(&alice.account, &["10.0.0.0/8"]));
    assert_eq!(blocked.get(ACCOUNT).status, 403);
    assert_eq!(alice.get(ACCOUNT).status, 200);
    house.flush();
    let keys = alice.get("/api/client/account/api-keys").json();
    let last_used: Vec<_> = (0..2).map(|i| keys["data"][i]["attributes"]["last_used_at"].clone()).collect();
    assert_eq!(last_used, [json!("2026-01-31T12:00:00+00:00"), json!(null)]);
}

fn f_10_a_key_never_gets_a_cookie_and_f_42_beside_one_no_cookie_is_read(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.account("bob"));
    let cookie = house.signed_in(&bob).cookie().unwrap();
    let answer = house.send(&alice.ask("GET", ACCOUNT).header("Cookie", &cookie));
    assert_eq!(answer.json()["attributes"]["username"], "alice");
    assert_eq!(answer.header("set-cookie"), None);
    // No CSRF rule either: a browser adds no Authorization header by itself.
    let ask = alice.ask("POST", "/api/client/account/api-keys").header("Cookie", &cookie);
    let ask = ask.header("Origin", "https://evil.example").header("Sec-Fetch-Site", "cross-site");
    assert_eq!(house.send(&ask.json(&json!({"description": "x"}))).status, 200);
    let bad = Ask::new("GET", ACCOUNT).bearer("nonsense").header("Cookie", &cookie);
    assert_unauthenticated(&house.send(&bad), "a bad key beside a good cookie");
}

fn a_key_works_until_it_expires(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let wanted = NewApiKey {
        description: Description::parse("short").unwrap(),
        allowed_ips: AllowedIps::default(),
        expires_at: Some(house.accounts.now().plus(Duration::from_secs(60))),
    };
    let made = house.block_on(house.accounts.admin().create_api_key(alice.account.id, &wanted)).unwrap();
    let short = alice.with_key(&made.token.joined());
    house.later(59);
    assert_eq!(short.get(ACCOUNT).status, 200);
    house.later(1);
    assert_unauthenticated(&short.get(ACCOUNT), "expired");
}

fn sec_37_a_disabled_account_is_refused_at_once_and_comes_back(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    house.block_on(house.accounts.admin().disable(alice.account.id)).unwrap();
    assert_unauthenticated(&alice.get(ACCOUNT), "disabled");
    house.block_on(house.accounts.admin().enable(alice.account.id)).unwrap();
    assert_eq!(alice.get(ACCOUNT).status, 200);
}

on_every_store!(
    sec_40_no_route_is_open_to_somebody_without_a_credential,
    sec_41_exactly_one_bearer_token_in_one_header_counts,
    sec_33_every_token_that_is_not_right_is_refused_alike,
    a_key_of_the_application_kind_is_told_so,
    sec_36_a_key_for_another_address_is_refused_and_no_header_helps,
    sec_36_behind_a_trusted_proxy_the_nearest_stranger_is_the_client,
    f_24_a_mapped_address_is_the_ipv4_address,
    f_21_a_range_admits_its_own_family_and_all_of_its_addresses,
    f_21_over_ipv6_itself_an_ipv4_range_admits_nobody,
    a_last_use_is_written_once_a_minute,
    f_25_a_blocked_use_is_no_use_and_an_admitted_one_shows,
    f_10_a_key_never_gets_a_cookie_and_f_42_beside_one_no_cookie_is_read,
    a_key_works_until_it_expires,
    sec_37_a_disabled_account_is_refused_at_once_and_comes_back,
);
