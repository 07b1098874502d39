//! Sessions and their cookie: who lives how long, and which requests it carries (contract 1.5, SEC-42 to SEC-46).

use std::time::Duration;

use account_axum::{Options, ROUTES, SessionCookie, TrustedProxies};
use serde_json::{Value, json};

use crate::house::{House, ORIGIN, PASSWORD};
use crate::raw_client::Ask;
use crate::store_kind::{Kind, on_every_store};

const ACCOUNT: &str = "/api/client/account";
const KEYS: &str = "/api/client/account/api-keys";
const SESSIONS: &str = "/api/client/account/sessions";

fn a_cookie_opens_every_endpoint_that_a_key_opens(kind: Kind) {
    let house = House::new(kind);
    let alice = house.account("alice");
    let browser = house.signed_in(&alice);
    for route in ROUTES {
        let path = route.path.replace("{identifier}", "ptlc_00000000000").replace("{id}", "0");
        let answer = browser.send(browser.ask(route.verb.as_str(), &path));
        assert!(!matches!(answer.status, 401 | 403 | 419), "{path}: {answer:?}");
    }
    let made = browser.post(KEYS, &json!({"description": "x"})).json();
    let activity = browser.get("/api/client/account/activity?filter[event]=api-key.create").json();
    assert_eq!(activity["data"][0]["attributes"]["is_api"], false);
    assert_eq!(made["meta"]["token"].as_str().map(str::len), Some(48));
}

fn sec_46_what_another_site_makes_a_browser_send_is_refused_and_f_9_everywhere(kind: Kind) {
    let house = House::new(kind);
    let alice = house.account("alice");
    let browser = house.signed_in(&alice);
    let cross_site: &[&[(&str, &str)]] = &[
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "https://account.test.evil.example")],
        &[("Origin", "http://account.test")],
        &[("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")],
        &[("Host", "account.test")],
        &[],
    ];
    for headers in cross_site {
        let with = |ask: Ask| headers.iter().fold(ask, |ask, (name, value)| ask.header(name, value));
        for route in ROUTES.iter().filter(|route| route.verb.as_str() != "GET") {
            let path = route.path.replace("{identifier}", "ptlc_00000000000").replace("{id}", "0");
            let answer = house.send(&with(browser.ask(route.verb.as_str(), &path)).json(&json!({})));
            let expected = (419, "HttpException".to_owned(), "CSRF token mismatch.".to_owned());
            let (code, detail) = answer.error();
            assert_eq!((answer.status, code, detail), expected, "{path} {headers:?}");
        }
        for path in [
            "/auth/login",
            "/auth/login/checkpoint",
            "/auth/logout",
            "/auth/password",
            "/auth/password/reset",
            "/auth/email/verification",
            "/auth/email/verify",
        ] {
            let answer = house.send(&with(browser.ask("POST", path)).json(&json!({})));
            assert_eq!(answer.status, 419, "{path} {headers:?}");
        }
        for (method, expected) in [("GET", 200), ("HEAD", 200), ("OPTIONS", 405)] {
            let answer = house.send(&with(browser.ask(method, ACCOUNT)));
            assert_eq!(answer.status, expected, "{method} changes nothing");
        }
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "text/plain;/json"] {
        let ask = browser.ask("POST", KEYS).header("Origin", ORIGIN).header("Content-Type", content_type);
        assert_eq!(house.send(&ask.body("{\"description\":\"x\"}")).status, 415, "{content_type}");
    }
    assert!(browser.is_in());
    assert_eq!(browser.get(KEYS).json()["data"], json!([]), "nothing was made");
    let own = browser.ask("POST", KEYS).header("Origin", ORIGIN).json(&json!({"description": "x"}));
    assert_eq!(house.send(&own).status, 200);
}

fn another_site_is_refused_before_it_is_asked_whether_the_cookie_is_good(kind: Kind) {
    let house = House::new(kind);
    let dead = format!("__Host-account_session={}", "A".repeat(43));
    for cookie in [dead.as_str(), "__Host-account_session=x"] {
        let ask = house.browser().with_cookie(cookie).ask("POST", KEYS);
        let from =
            |site: &str| house.send(&ask.clone().header("Sec-Fetch-Site", site).json(&json!({}))).status;
        assert_eq!([from("cross-site"), from("same-origin")], [419, 401], "{cookie}");
    }
}

fn a_session_is_bound_to_no_address(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.trusted_proxies = TrustedProxies::parse("127.0.0.1").unwrap();
    });
    house.account("alice");
    let login = Ask::new("POST", "/auth/login").header("X-Forwarded-For", "203.0.113.7");
    let answer = house.send(&login.json(&json!({"user": "alice", "password": PASSWORD})));
    let cookie = answer.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    for address in ["203.0.113.7", "198.51.100.9", "2001:db8::1"] {
        let ask = Ask::new("GET", ACCOUNT).header("Cookie", &cookie).header("X-Forwarded-For", address);
        assert_eq!(house.send(&ask).status, 200, "{address}");
    }
}

fn a_sign_in_that_another_site_sends_is_refused_and_a_client_without_a_browser_is_not(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let body = json!({"user": "alice", "password": PASSWORD});
    let login = || Ask::new("POST", "/auth/login").json(&body);
    assert_eq!(house.send(&login().header("Sec-Fetch-Site", "cross-site")).status, 419);
    assert_eq!(house.send(&login().header("Origin", "https://evil.example")).status, 419);
    assert_eq!(house.send(&login().header("Origin", ORIGIN)).status, 200);
    assert_eq!(house.send(&login()).status, 200);
}

fn over_plain_http_the_cookie_has_another_name_and_only_if_it_is_asked_for(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options = Options {
            session_cookie: SessionCookie::PlainHttp,
            browser_origins: vec!["http://127.0.0.1:8080".to_owned()],
            ..Options::default()
        };
    });
    let alice = house.account("alice");
    let login = Ask::new("POST", "/auth/login").header("Origin", "http://127.0.0.1:8080");
    let answer = house.send(&login.json(&json!({"user": "alice", "password": PASSWORD})));
    let set = answer.header("set-cookie").unwrap();
    assert!(set.starts_with("account_session=") && set.ends_with("; HttpOnly; SameSite=Lax"), "{set}");
    assert!(!set.contains("Secure") && !set.contains("Domain"), "{set}");
    assert!(house.signed_in(&alice).is_in());
}

fn sec_44_a_session_ends_of_idleness_and_of_age(kind: Kind) {
    let house = House::new(kind);
    let alice = house.account("alice");
    let idle = house.signed_in(&alice);
    house.later(12 * 3600 - 1);
    assert!(idle.is_in());
    house.flush();
    house.later(12 * 3600 - 1);
    assert!(idle.is_in(), "use keeps it alive");
    house.later(12 * 3600);
    assert!(!idle.is_in());
    let old = house.signed_in(&alice);
    let seconds = 30 * 86_400;
    for _ in 0..(seconds / 36_000 - 1) {
        house.later(36_000);
        assert!(old.is_in());
        house.flush();
    }
    house.later(36_000);
    assert!(!old.is_in(), "thirty days are the most");
}

fn a_clock_that_goes_back_a_day_makes_no_eternal_session(kind: Kind) {
    let house = House::new(kind);
    let alice = house.account("alice");
    let browser = house.signed_in(&alice);
    house.clock.step_back(Duration::from_secs(86_400));
    house.flush();
    house.later(86_400 + 12 * 3600);
    assert!(!browser.is_in());
}

fn sessions_are_listed_with_the_one_that_asks(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let first = house.signed_in(&alice.account);
    house.later(60);
    let second = house.signed_in(&alice.account);
    let listed = second.get(SESSIONS).json();
    let sessions: Vec<Value> = listed["data"].as_array().unwrap().clone();
    assert_eq!((sessions.len(), &sessions[0]["object"]), (2, &json!("session")));
    let expected = json!({"id": sessions[1]["attributes"]["id"], "current": true, "ip": "127.0.0.1",
        "user_agent": "a browser", "created_at": "2026-01-31T12:01:00+00:00",
        "last_seen_at": "2026-01-31T12:01:00+00:00", "expires_at": "2026-02-01T00:01:00+00:00"});
    assert_eq!(sessions[1]["attributes"], expected);
    assert_eq!(sessions[0]["attributes"]["current"], false);
    let token = second.cookie().unwrap();
    let token = token.split_once('=').unwrap().1;
    assert!(!listed.to_string().contains(token), "the handle is not the secret");
    let by_key = alice.get(SESSIONS).json();
    assert!(
        by_key["data"].as_array().unwrap().iter().all(|session| session["attributes"]["current"] == false)
    );
    drop(first);
}

fn sec_50_one_ends_ones_own_sessions_and_everything_else_is_one_404(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.account("alice"), house.account("bob"));
    let (own, other, foreign) = (house.signed_in(&alice), house.signed_in(&alice), house.signed_in(&bob));
    let id_of = |browser: &crate::person::Browser<'_>| {
        let listed = browser.get(SESSIONS).json();
        let sessions = listed["data"].as_array().unwrap();
        let current = sessions.iter().find(|session| session["attributes"]["current"] == true).unwrap();
        current["attributes"]["id"].as_str().unwrap().to_owned()
    };
    let end = |id: &str| own.delete(&format!("{SESSIONS}/{id}"));
    let refused = [
        id_of(&foreign),
        "nonsense".into(),
        "00000000-0000-4000-8000-000000000000".into(),
        id_of(&other).to_uppercase(),
    ];
    let answers: Vec<_> = refused.iter().map(|id| end(id)).collect();
    assert!(
        answers.iter().all(|answer| answer.status == 404 && answer.body == answers[0].body),
        "{answers:?}"
    );
    assert!(foreign.is_in() && other.is_in());
    let id = id_of(&other);
    assert_eq!(end(&id).status, 204);
    assert!(!other.is_in());
    assert_eq!(end(&id).status, 404);
    assert_eq!(end(&id_of(&own)).status, 204, "also the own one");
    assert!(!own.is_in());
}

fn ending_the_others_leaves_the_calling_one(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (own, other) = (house.signed_in(&alice.account), house.signed_in(&alice.account));
    let path = format!("{SESSIONS}/end-others");
    assert_eq!(own.post(&path, &json!({})).status, 204);
    assert!(own.is_in() && !other.is_in());
    assert_eq!(alice.post(&path, &json!({})).status, 204);
    assert!(!own.is_in(), "a key has no session of its own");
}

fn sec_39_one_session_more_than_allowed_ends_the_one_that_was_idle_longest(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.limits.sessions = 2);
    let alice = house.account("alice");
    let browsers: Vec<_> = (0..3)
        .map(|_| {
            house.later(1);
            house.signed_in(&alice)
        })
        .collect();
    assert_eq!(browsers.iter().map(|browser| browser.is_in()).collect::<Vec<_>>(), [false, true, true]);
}

on_every_store!(
    another_site_is_refused_before_it_is_asked_whether_the_cookie_is_good,
    a_session_is_bound_to_no_address,
    a_cookie_opens_every_endpoint_that_a_key_opens,
    sec_46_what_another_site_makes_a_browser_send_is_refused_and_f_9_everywhere,
    a_sign_in_that_another_site_sends_is_refused_and_a_client_without_a_browser_is_not,
    over_plain_http_the_cookie_has_another_name_and_only_if_it_is_asked_for,
    sec_44_a_session_ends_of_idleness_and_of_age,
    a_clock_that_goes_back_a_day_makes_no_eternal_session,
    sessions_are_listed_with_the_one_that_asks,
    sec_50_one_ends_ones_own_sessions_and_everything_else_is_one_404,
    ending_the_others_leaves_the_calling_one,
    sec_39_one_session_more_than_allowed_ends_the_one_that_was_idle_longest,
);
