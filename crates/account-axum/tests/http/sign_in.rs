//! Signing in with a password, and out (contract 8.2 and 8.4, SEC-10 to SEC-15).

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use account_axum::{Captcha, TrustedProxies};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{Kind, on_every_store};

const LOGIN: &str = "/auth/login";

fn assert_refused(answer: &Answer) {
    let expected = "No account matching those credentials could be found.";
    assert_eq!(answer.error(), ("DisplayException".into(), expected.into()));
    assert_eq!((answer.status, answer.header("set-cookie")), (400, None));
}

fn a_complete_sign_in_answers_who_it_is_and_sets_the_cookie(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for name in ["alice", "ALICE", " alice@example.com ", "Alice@Example.com"] {
        let browser = house.browser();
        let answer = browser.login(name, PASSWORD);
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")), "{name}");
        let user = json!({"uuid": alice.account.uid.to_string(), "username": "alice", "email": "alice@example.com",
            "first_name": "Ada", "last_name": "Byron", "language": "en", "admin": false});
        assert_eq!(answer.json(), json!({"data": {"complete": true, "intended": "/", "user": user}}));
        let set = answer.header("set-cookie").unwrap();
        let (pair, flags) = set.split_once("; ").unwrap();
        assert_eq!(pair.strip_prefix("__Host-account_session=").map(str::len), Some(43));
        assert_eq!(flags, "Path=/; Max-Age=2592000; Secure; HttpOnly; SameSite=Lax");
        assert!(browser.is_in());
    }
    assert_eq!(alice.events()[0], "auth:success");
}

fn sec_10_unknown_names_wrong_passwords_and_disabled_accounts_are_refused_alike(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    house.account("alice");
    let gone = house.account("gone");
    house.block_on(house.accounts.admin().disable(gone.id)).unwrap();
    let before = house.hasher.verified();
    let answers: Vec<Answer> = [
        ("alice", "wrong"),
        ("nobody", PASSWORD),
        ("nobody@example.com", PASSWORD),
        ("gone", PASSWORD),
        ("\u{1}", "x"),
        ("a b@c", "x"),
    ]
    .iter()
    .map(|(name, password)| house.browser().login(name, password))
    .collect();
    for answer in &answers {
        assert_refused(answer);
        assert_eq!(answer.body, answers[0].body);
        let named = |answer: &Answer| -> Vec<String> {
            answer.headers.iter().map(|(name, _)| name.clone()).collect()
        };
        assert_eq!(named(answer), named(&answers[0]));
    }
    assert_eq!(house.hasher.verified() - before, answers.len(), "SEC-11: one verification each");
}

fn f_38_what_is_missing_or_of_another_type_is_wrong_like_anything_else(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    house.account("alice");
    for body in [
        json!({}),
        json!({"user": "alice"}),
        json!({"password": PASSWORD}),
        json!({"user": ["alice"], "password": PASSWORD}),
        json!({"user": "alice", "password": [PASSWORD]}),
        json!({"user": {"a": "b"}, "password": 7}),
        json!([1, 2]),
    ] {
        assert_refused(&house.browser().post(LOGIN, &body));
    }
}

fn sec_13_five_wrong_passwords_from_one_client_and_f_33_the_answer_says_so_twice(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let failures = |name: &str| -> Answer {
        (0..5).for_each(|_| assert_refused(&house.browser().login(name, "wrong")));
        house.browser().login(name, "wrong")
    };
    let known = failures("alice");
    house.later(60);
    let unknown = failures("nobody");
    assert_eq!((known.status, known.code().as_str()), (429, "ValidationException"));
    assert_eq!(known.header("x-ratelimit-remaining"), Some("0"));
    let wait = known.header("retry-after").unwrap().to_owned();
    assert_eq!(known.error().1, format!("Too many login attempts. Please try again in {wait} seconds."));
    assert_eq!(known.json()["errors"][0]["meta"], json!({"source_field": "user", "rule": ""}));
    assert_eq!(
        (unknown.status, &unknown.body),
        (429, &known.body),
        "an unknown name is counted like a known one"
    );
    let hashed = house.hasher.verified();
    assert_eq!(house.browser().login("alice", PASSWORD).status, 429, "before any hashing");
    assert_eq!(house.hasher.verified(), hashed);
    house.later(301);
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200);
}

fn sec_13_guesses_never_tell_which_address_and_username_belong_together(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let statuses = |username: &str, email: &str| -> Vec<u16> {
        let names = [[username; 5], [email; 5]].concat();
        names.iter().map(|name| house.browser().login(name, "wrong").status).collect()
    };
    let known = statuses("alice", "alice@example.com");
    house.later(60);
    assert_eq!(statuses("nobody", "nobody@example.com"), known);
    assert_eq!(known, [400; 10], "counted apart, as the names of two people would be");
}

fn sec_13_budgets_heal_when_the_clock_moves_by_a_day(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let lock_out = || {
        (0..5).for_each(|_| assert_refused(&house.browser().login("alice", "wrong")));
        assert_eq!(house.browser().login("alice", PASSWORD).status, 429);
    };
    lock_out();
    house.clock.step_back(Duration::from_secs(86_400));
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200, "a day back");
    house.later(2 * 86_400);
    lock_out();
    house.later(86_400);
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200, "a day forwards");
}

#[derive(Debug)]
struct OneWord;

#[async_trait::async_trait]
impl Captcha for OneWord {
    async fn is_passed(&self, response: Option<&str>, client: Option<IpAddr>) -> bool {
        response == Some("tree") && client.is_some()
    }
}

fn f_34_a_captcha_that_is_missing_or_wrong_is_400_before_anything_is_looked_at(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.captcha = Some(Arc::new(OneWord)));
    let alice = house.person("alice");
    for (path, mut body) in [
        (LOGIN, json!({"user": "alice", "password": PASSWORD})),
        ("/auth/password", json!({"email": "alice@example.com"})),
    ] {
        let hashed = house.hasher.verified();
        for wrong in [json!(null), json!(""), json!("bush"), json!(["tree"])] {
            body["g-recaptcha-response"] = wrong;
            let answer = house.browser().post(path, &body);
            let expected = ("HttpException".into(), "Failed to validate reCAPTCHA data.".into());
            assert_eq!((answer.status, answer.error()), (400, expected), "{body}");
        }
        assert_eq!(house.hasher.verified(), hashed);
        body["g-recaptcha-response"] = json!("tree");
        assert_eq!(house.browser().post(path, &body).status, 200);
    }
    assert_eq!(alice.get("/api/client/account").status, 200, "nothing else is behind it");
}

fn sec_12_one_client_has_one_budget_over_all_names_and_no_header_makes_another(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let statuses: Vec<u16> = (0..20)
        .map(|number| {
            let ask = Ask::new("POST", LOGIN).header("X-Forwarded-For", format!("198.51.100.{number}"));
            house.send(&ask.json(&json!({"user": format!("name{number}"), "password": "x"}))).status
        })
        .collect();
    assert_eq!(statuses, [vec![400; 10], vec![429; 10]].concat());
    house.later(6);
    assert_eq!(
        house.browser().login("alice", PASSWORD).status,
        200,
        "it refills, and successes cost nothing"
    );
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200);
}

fn f_14_a_success_clears_no_failures_of_the_same_client(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    let fail = |number: usize| house.browser().login(&format!("name{number}"), "x").status;
    assert!((0..9).all(|number| fail(number) == 400));
    assert_eq!(house.browser().login("alice", PASSWORD).status, 200);
    assert_eq!([fail(9), fail(10)], [400, 429]);
}

fn f_3_and_sec_13_strangers_do_not_lock_the_owner_out(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.trusted_proxies = TrustedProxies::parse("127.0.0.1").unwrap();
    });
    house.account("alice");
    let from = |address: &str, password: &str| {
        let ask = Ask::new("POST", LOGIN).header("X-Forwarded-For", address);
        house.send(&ask.json(&json!({"user": "alice", "password": password}))).status
    };
    assert_eq!(from("203.0.113.7", PASSWORD), 200);
    let statuses: Vec<u16> =
        (0..150).map(|number| from(&format!("198.{}.{number}.1", number % 50), "wrong")).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 50);
    assert_eq!(from("192.0.2.99", PASSWORD), 429, "a stranger waits, even with the right password");
    assert_eq!(from("203.0.113.7", PASSWORD), 200, "the owner's own place does not");
    assert_eq!(from("203.0.113.8", PASSWORD), 200, "nor its neighbourhood");
}

fn sec_43_signing_in_again_replaces_the_old_session_and_adopts_no_token(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.account("alice"), house.account("bob"));
    let browser = house.signed_in(&alice);
    let old = browser.cookie().unwrap();
    assert_eq!(browser.login("bob", PASSWORD).status, 200);
    assert_ne!(browser.cookie().unwrap(), old);
    assert_eq!(browser.get("/api/client/account").json()["attributes"]["id"], bob.id.0);
    assert!(!browser.with_cookie(&old).is_in());
    let made_up = format!("__Host-account_session={}", "A".repeat(43));
    let fixed = house.browser().with_cookie(&made_up);
    assert_eq!(fixed.login("alice", PASSWORD).status, 200);
    assert_ne!(fixed.cookie().unwrap(), made_up);
    assert!(!house.browser().with_cookie(&made_up).is_in());
}

fn f_8_signing_out_is_a_post_that_ends_this_session_alone(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (one, other) = (house.signed_in(&alice.account), house.signed_in(&alice.account));
    let cookie = one.cookie().unwrap();
    let answer = one.get("/auth/logout");
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    let answer = one.post("/auth/logout", &json!({}));
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    let cleared = "__Host-account_session=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax";
    assert_eq!(answer.header("set-cookie"), Some(cleared));
    assert!(one.cookie().is_none() && !one.with_cookie(&cookie).is_in(), "SEC-44: the token is dead");
    assert!(other.is_in());
    assert_eq!(one.post("/auth/logout", &json!({})).status, 401);
    let by_key = house.send(&alice.ask("POST", "/auth/logout").json(&json!({})));
    assert_eq!(by_key.status, 401, "Authorization is ignored here");
}

fn authorization_is_ignored_wherever_one_is_nobody_yet(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let (_, codes) = alice.enable_two_factor();
    let as_bob = format!("Bearer {}", bob.token);
    for (number, authorization) in ["Bearer nonsense", "Basic eA==", "", &as_bob].iter().enumerate() {
        let post = |path: &str, body: &Value| {
            house.send(&Ask::new("POST", path).header("Authorization", authorization).json(body))
        };
        let first = post(LOGIN, &json!({"user": "alice", "password": PASSWORD}));
        let token = first.json()["data"]["confirmation_token"].clone();
        let second = json!({"confirmation_token": token, "recovery_token": codes[number]});
        let second = post("/auth/login/checkpoint", &second);
        assert_eq!(second.json()["data"]["user"]["username"], "alice", "{authorization}: {second:?}");
        let mail = json!({"email": "nobody@example.com"});
        assert_eq!(post("/auth/password", &mail).status, 200, "{authorization}");
        assert_eq!(post("/auth/email/verification", &mail).status, 200, "{authorization}");
        assert_eq!(post("/auth/password/reset", &json!({})).status, 422, "{authorization}");
        assert_eq!(post("/auth/email/verify", &json!({})).status, 422, "{authorization}");
    }
}

fn f_33_every_answer_is_json_whatever_the_client_accepts(kind: Kind) {
    let house = House::new(kind);
    house.account("alice");
    for accept in ["text/html", "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8", "image/png", "*/*"] {
        let post = |path: &str, body: &Value| {
            house.send(&Ask::new("POST", path).header("Accept", accept).json(body))
        };
        for (path, body, expected) in [
            (LOGIN, json!({"user": "alice", "password": PASSWORD}), 200),
            (LOGIN, json!({"user": "alice", "password": "wrong"}), 400),
            ("/auth/login/checkpoint", json!({}), 422),
            ("/auth/logout", json!({}), 401),
            ("/auth/password", json!({}), 422),
            ("/auth/password/reset", json!({}), 422),
            ("/auth/email/verification", json!({}), 422),
            ("/auth/email/verify", json!({}), 422),
        ] {
            let answer = post(path, &body);
            let kind = answer.header("content-type");
            assert_eq!((answer.status, kind), (expected, Some("application/json")), "{accept} {path}");
            assert!(answer.json().is_object());
        }
        let other = house.send(&Ask::new("GET", LOGIN).header("Accept", accept));
        assert_eq!((other.status, other.code().as_str()), (405, "MethodNotAllowedHttpException"), "{accept}");
    }
}

fn the_csrf_cookie_of_old_clients_is_204_and_there_is_none(kind: Kind) {
    let house = House::new(kind);
    let answer = house.browser().get("/sanctum/csrf-cookie");
    assert_eq!((answer.status, answer.header("set-cookie"), answer.body.len()), (204, None, 0));
}

fn sec_64_a_name_that_may_be_a_password_is_not_kept(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for typed in ["alice", "alice@example.com", "hunter2-typed-in-the-wrong-field"] {
        assert_eq!(house.browser().login(typed, "wrong").status, 400);
    }
    let failed = alice.get("/api/client/account/activity?filter[event]=auth:fail&sort=timestamp").json();
    let properties: Vec<Value> = failed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["attributes"]["properties"].clone())
        .collect();
    let client = |name: &str, typed: &str| json!({"ip": "127.0.0.1", "useragent": "a browser", name: typed});
    assert_eq!(properties, [client("username", "alice"), client("email", "alice@example.com")]);
}

on_every_store!(
    a_complete_sign_in_answers_who_it_is_and_sets_the_cookie,
    sec_10_unknown_names_wrong_passwords_and_disabled_accounts_are_refused_alike,
    f_38_what_is_missing_or_of_another_type_is_wrong_like_anything_else,
    sec_13_guesses_never_tell_which_address_and_username_belong_together,
    sec_13_budgets_heal_when_the_clock_moves_by_a_day,
    f_34_a_captcha_that_is_missing_or_wrong_is_400_before_anything_is_looked_at,
    sec_13_five_wrong_passwords_from_one_client_and_f_33_the_answer_says_so_twice,
    sec_12_one_client_has_one_budget_over_all_names_and_no_header_makes_another,
    f_14_a_success_clears_no_failures_of_the_same_client,
    f_3_and_sec_13_strangers_do_not_lock_the_owner_out,
    sec_43_signing_in_again_replaces_the_old_session_and_adopts_no_token,
    f_8_signing_out_is_a_post_that_ends_this_session_alone,
    authorization_is_ignored_wherever_one_is_nobody_yet,
    f_33_every_answer_is_json_whatever_the_client_accepts,
    the_csrf_cookie_of_old_clients_is_204_and_there_is_none,
    sec_64_a_name_that_may_be_a_password_is_not_kept,
);
