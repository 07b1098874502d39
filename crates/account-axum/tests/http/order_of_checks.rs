//! In which order a request is judged (contract 1.4 and 16), and how often one may ask (1.6).

use std::num::NonZeroU32;

use account_core::policy::{ApiKeyPolicy, TwoFactorRequired};
use serde_json::json;

use crate::house::{House, PASSWORD};
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{Kind, on_every_store};

const ACCOUNT: &str = "/api/client/account";
const EMAIL: &str = "/api/client/account/email";

fn each_check_comes_before_the_next(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.policy.two_factor_required = TwoFactorRequired::Everybody;
        plan.options.requests_per_minute = NonZeroU32::new(1);
    });
    let alice = house.person("alice");
    let blocked = alice.with_key(&house.key(&alice.account, &["10.0.0.1"]));
    let bad = |ask: Ask| ask.header("Content-Type", "application/json").body("{bad");
    let status = |ask: Ask| house.send(&ask).status;
    assert_eq!(status(bad(Ask::new("PUT", "/api/client/nope"))), 404);
    assert_eq!(status(bad(Ask::new("POST", ACCOUNT))), 405);
    assert_eq!(status(bad(Ask::new("PUT", EMAIL))), 401);
    assert_eq!(status(bad(blocked.ask("PUT", EMAIL))), 403);
    let answer = house.send(&bad(alice.ask("PUT", EMAIL)));
    assert_eq!((answer.status, answer.code().as_str()), (400, "BadRequestHttpException"));
    assert_eq!(answer.header("x-ratelimit-limit"), None);
    let required = || {
        let answer = alice.put(EMAIL, &json!({}));
        let detail =
            "Two-factor authentication is required on this account in order to access this endpoint.";
        assert_eq!(answer.error(), ("TwoFactorAuthRequiredException".into(), detail.into()));
        assert_eq!((answer.status, answer.header("x-ratelimit-limit")), (400, Some("1")));
        answer.header("x-ratelimit-remaining").unwrap().to_owned()
    };
    assert_eq!([required(), required()], ["1", "1"], "it costs nothing");
    assert_eq!(alice.get(ACCOUNT).status, 200);
    assert_eq!(alice.get(ACCOUNT).status, 429);
    assert_eq!(required(), "0", "policy is asked before the limit");
}

/// Whether an answer says how many requests are left, and its status.
fn limited(answer: &Answer) -> (u16, bool) {
    let number = |name: &str| answer.header(name).map(|value| value.parse::<u32>().unwrap());
    let (limit, remaining) = (number("x-ratelimit-limit"), number("x-ratelimit-remaining"));
    assert_eq!(limit.is_some(), remaining.is_some(), "{answer:?}");
    assert!(limit >= remaining, "{answer:?}");
    (answer.status, limit.is_some())
}

fn limited_answers_say_how_many_requests_are_left(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let put = |body: &str| alice.ask("PUT", EMAIL).header("Content-Type", "application/json").body(body);
    let large = format!("{{\"email\":\"{}\"}}", "x".repeat(70_000));
    for (ask, expected) in [
        (alice.ask("GET", ACCOUNT), (200, true)),
        (put("{}"), (400, true)),
        (put(&json!({"email": "x", "password": PASSWORD}).to_string()), (422, true)),
        (put(&large), (413, true)),
        (alice.ask("PUT", EMAIL).header("Content-Type", "text/plain").body("{}"), (415, true)),
        (put("{bad"), (400, false)),
        (Ask::new("GET", ACCOUNT), (401, false)),
        (alice.ask("GET", "/api/client/nope"), (404, false)),
        (alice.ask("POST", ACCOUNT), (405, false)),
    ] {
        assert_eq!(limited(&house.send(&ask)), expected, "{ask:?}");
    }
    let auth =
        |path: &str, body: &str| Ask::new("POST", path).header("Content-Type", "application/json").body(body);
    for (ask, expected) in [
        (auth("/auth/login", r#"{"user":"alice","password":"wrong"}"#), (400, true)),
        (auth("/auth/login/checkpoint", "{}"), (422, true)),
        (auth("/auth/password", r#"{"email":"nobody@example.com"}"#), (200, true)),
        (auth("/auth/password/reset", "{}"), (422, true)),
        (auth("/auth/login", &large), (413, true)),
        (Ask::new("POST", "/auth/login").header("Content-Type", "text/plain").body("{}"), (415, true)),
        (auth("/auth/login", "{bad"), (400, false)),
        (auth("/auth/login", "{}").header("Origin", "https://elsewhere.example"), (419, false)),
        (auth("/auth/logout", "{}"), (401, false)),
        (auth("/auth/nope", "{}"), (404, false)),
    ] {
        assert_eq!(limited(&house.send(&ask)), expected, "{ask:?}");
    }
    let signed_in = house.browser().login("alice", PASSWORD);
    assert_eq!(limited(&signed_in), (200, true));
}

fn a_client_that_is_nobody_yet_has_as_many_requests_as_an_account(kind: Kind) {
    let house = House::with(kind, |plan| {
        plan.options.requests_per_minute = NonZeroU32::new(2);
        plan.policy.throttled = false;
    });
    let alice = house.person("alice");
    let login = || house.browser().login("alice", "wrong");
    for _ in 0..5 {
        assert_eq!(house.browser().login("alice", PASSWORD).status, 200, "what goes well costs nothing");
    }
    assert_eq!([login().status, login().status], [400, 400]);
    let hashed = house.hasher.verified();
    let refused = login();
    assert_eq!((refused.status, refused.code().as_str()), (429, "ThrottleRequestsException"));
    assert_eq!(limited(&refused), (429, true));
    assert_eq!(refused.header("x-ratelimit-remaining"), Some("0"));
    assert!(refused.header("retry-after").is_some() && refused.header("x-ratelimit-reset").is_some());
    assert_eq!(house.hasher.verified(), hashed, "before any hashing");
    assert_eq!(alice.get(ACCOUNT).status, 200, "an account's requests are counted apart");
    house.later(60);
    assert_eq!(login().status, 400);
}

fn unknown_paths_and_methods_are_json_and_name_what_there_is(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for path in
        ["/api/client/account/nope", "/api/client/nope", "/api/client/Account", "/api/client/account/"]
    {
        let answer = house.send(&alice.ask("GET", path).header("Accept", "text/html"));
        assert_eq!((answer.status, answer.code().as_str()), (404, "NotFoundHttpException"), "{path}");
        assert!(answer.error().1.starts_with("The route api/client/"), "{answer:?}");
        assert_eq!(answer.header("x-ratelimit-limit"), None);
    }
    for (method, path, allowed) in [
        ("DELETE", ACCOUNT, "GET, HEAD"),
        ("GET", EMAIL, "PUT"),
        ("DELETE", "/api/client/account/two-factor", "GET, HEAD, POST"),
        ("PATCH", "/api/client/account/api-keys", "GET, HEAD, POST"),
        ("GET", "/api/client/account/api-keys/ptlc_00000000000", "DELETE"),
        ("GET", "/api/client/account/ssh-keys/remove", "POST"),
        ("OPTIONS", ACCOUNT, "GET, HEAD"),
        ("TRACE", ACCOUNT, "GET, HEAD"),
    ] {
        let answer = house.send(&alice.ask(method, path));
        assert_eq!((answer.status, answer.header("allow")), (405, Some(allowed)), "{method} {path}");
        assert_eq!(answer.code(), "MethodNotAllowedHttpException");
    }
}

fn sec_61_no_method_override_is_honoured(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for name in ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"] {
        let ask = alice.ask("POST", EMAIL).header(name, "PUT");
        let ask = ask.json(&json!({"_method": "PUT", "email": "x@example.com", "password": PASSWORD}));
        assert_eq!(house.send(&ask).status, 405, "{name}");
    }
    assert_eq!(alice.details()["email"], "alice@example.com");
}

fn policy_wants_a_second_factor_everywhere_but_where_one_gets_it(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.two_factor_required = TwoFactorRequired::Everybody);
    let alice = house.person("alice");
    for route in account_axum::ROUTES {
        let path = route.path.replace("{identifier}", "ptlc_00000000000").replace("{id}", "0");
        let answer = house.send(&alice.ask(route.verb.as_str(), &path));
        let open = matches!(
            (route.verb.as_str(), route.path),
            ("GET", ACCOUNT)
                | ("GET" | "POST", "/api/client/account/two-factor")
                | ("POST", "/api/client/account/two-factor/disable")
        );
        let refused = answer.status == 400 && answer.code() == "TwoFactorAuthRequiredException";
        assert_eq!(refused, !open, "{} {path}: {answer:?}", route.verb.as_str());
    }
    alice.enable_two_factor();
    assert_eq!(alice.get("/api/client/account/api-keys").status, 200);
}

fn policy_may_want_a_second_factor_of_administrators_alone(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.two_factor_required = TwoFactorRequired::Administrators);
    let alice = house.person("alice");
    let root = house.register("root", true);
    let root = alice.with_key(&house.key(&root, &[]));
    assert_eq!(alice.get("/api/client/account/ssh-keys").status, 200);
    assert_eq!(root.get("/api/client/account/ssh-keys").code(), "TwoFactorAuthRequiredException");
}

fn sec_38_under_session_only_a_key_changes_no_credential(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.api_keys = ApiKeyPolicy::SessionOnly);
    let alice = house.person("alice");
    let browser = house.signed_in(&alice.account);
    for route in account_axum::ROUTES {
        let path = route.path.replace("{identifier}", "ptlc_00000000000").replace("{id}", "0");
        let by_key = house.send(&alice.ask(route.verb.as_str(), &path));
        let by_session = browser.send(browser.ask(route.verb.as_str(), &path));
        let sensitive = matches!(
            (route.verb.as_str(), route.path),
            ("PUT", _)
                | (_, "/api/client/account/two-factor" | "/api/client/account/two-factor/disable")
                | (_, "/api/client/account/two-factor/recovery-tokens")
                | ("POST", "/api/client/account/api-keys" | "/api/client/account/ssh-keys")
        );
        assert_eq!(by_key.status == 403, sensitive, "{} {path}: {by_key:?}", route.verb.as_str());
        assert!(limited(&by_key).1 || by_key.status == 401, "{path}: {by_key:?}");
        assert_ne!(by_session.status, 403, "{path}");
    }
}

fn the_limit_is_one_for_all_keys_and_sessions_of_an_account(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.requests_per_minute = NonZeroU32::new(3));
    let (alice, bob) = (house.person("alice"), house.person("bob"));
    let other = alice.with_key(&house.key(&alice.account, &[]));
    let browser = house.signed_in(&alice.account);
    let answers = [alice.get(ACCOUNT), other.get(ACCOUNT), browser.get(ACCOUNT)];
    let remaining: Vec<_> = answers.iter().map(|a| a.header("x-ratelimit-remaining").unwrap()).collect();
    assert_eq!(remaining, ["2", "1", "0"]);
    house.later(20);
    let refused = other.get(ACCOUNT);
    assert_eq!(refused.error(), ("ThrottleRequestsException".into(), "Too Many Attempts.".into()));
    for (name, value) in [
        ("x-ratelimit-limit", "3"),
        ("x-ratelimit-remaining", "0"),
        ("retry-after", "40"),
        ("x-ratelimit-reset", "1769860860"),
    ] {
        assert_eq!(refused.header(name), Some(value), "{name}");
    }
    assert_eq!(bob.get(ACCOUNT).header("x-ratelimit-remaining"), Some("2"));
    house.later(40);
    assert_eq!(alice.get(ACCOUNT).status, 200);
}

fn limits_show_on_what_the_handler_answers_and_can_be_off(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    for answer in [
        alice.get(ACCOUNT),
        alice.put(EMAIL, &json!({})),
        alice.post("/api/client/account/ssh-keys", &json!({})),
        alice.delete("/api/client/account/api-keys/x"),
    ] {
        assert_eq!(answer.header("x-ratelimit-limit"), Some("256"), "{answer:?}");
    }
    let unlimited = House::with(kind, |plan| plan.options.requests_per_minute = None);
    assert_eq!(unlimited.person("alice").get(ACCOUNT).header("x-ratelimit-limit"), None);
}

on_every_store!(
    each_check_comes_before_the_next,
    limited_answers_say_how_many_requests_are_left,
    a_client_that_is_nobody_yet_has_as_many_requests_as_an_account,
    unknown_paths_and_methods_are_json_and_name_what_there_is,
    sec_61_no_method_override_is_honoured,
    policy_wants_a_second_factor_everywhere_but_where_one_gets_it,
    policy_may_want_a_second_factor_of_administrators_alone,
    sec_38_under_session_only_a_key_changes_no_credential,
    the_limit_is_one_for_all_keys_and_sessions_of_an_account,
    limits_show_on_what_the_handler_answers_and_can_be_off,
);
