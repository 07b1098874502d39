//! The recorded requests of signing in and out and of choosing a new password: who asked with which cookie, and what
//! stands here for the tokens and codes of the recording.

use account_core::admin::ProfileChange;
use account_core::profile::PersonName;
use serde_json::{Value, json};

use crate::house::ORIGIN;
use crate::raw_client::Ask;
use crate::recorded_given::{Recreated, password_of};

/// Who had another family name by then.
const RENAMED: [(&str, &str); 3] = [("bob", "Other"), ("carol", "Totp"), ("dave", "Reset")];

const CHECKPOINT: &str = "/auth/login/checkpoint";
const RESET: &str = "/auth/password/reset";

/// The recorded request as it is sent here, once what was before it has happened.
pub(crate) fn ask(exchange: &Value, given: &Recreated) -> Ask {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (name, path) = (text(&exchange["name"]), text(&exchange["path"]));
    let mut ask = Ask::new(&text(&exchange["method"]), &path);
    for (username, last_name) in RENAMED {
        let wanted =
            ProfileChange { last_name: Some(PersonName::parse(last_name).ok()), ..ProfileChange::default() };
        let id = given.person(username).account.id;
        given.house.block_on(given.house.accounts.admin().change_profile(id, &wanted)).unwrap();
    }
    let cookie = cookie(&name, given);
    for (header, value) in exchange["request_headers"].as_object().unwrap() {
        let value = value.as_str().unwrap();
        ask = match (header.as_str(), &cookie) {
            ("Cookie", Some(cookie)) => ask.header("Cookie", cookie),
            // The panel's cookie of somebody who is nobody: there is no such thing here.
            ("Cookie", None) => ask,
            // What the token against forgery told the panel, a browser tells us.
            ("X-XSRF-TOKEN", _) if value == "bad" => ask.header("Sec-Fetch-Site", "cross-site"),
            ("X-XSRF-TOKEN", _) => ask.header("Sec-Fetch-Site", "same-origin"),
            _ => ask.header(header, given.translated(value)),
        };
    }
    let Some(recorded) = exchange["request_body"].as_str() else { return ask };
    let body = match path.as_str() {
        CHECKPOINT => second_factor(&name, recorded, given),
        RESET => reset(recorded, given),
        "/auth/password" => reset_request(&name, recorded, given),
        _ if name == "old password" => after_a_reset(recorded, given),
        _ if name == "bad password with 2fa" => {
            given.enable_two_factor("carol");
            recorded.to_owned()
        }
        _ => recorded.to_owned(),
    };
    ask.body(body)
}

/// The session that a request came with.
fn cookie(name: &str, given: &Recreated) -> Option<String> {
    match name {
        "session GET account"
        | "session PUT email without XSRF header"
        | "login while logged in (guest middleware)"
        | "checkpoint while logged in"
        | "logout GET"
        | "logout ok" => Some(given.session("alice")),
        "account after checkpoint" => Some(given.session("carol")),
        "dave session before reset" | "reset while logged in (guest)" => Some(given.session("dave")),
        "logged in after reset?" => Some(session_of_the_reset(given)),
        "account after logout"
        | "logout when logged out, html"
        | "account with remember cookie + fresh session" => {
            let cookie = given.session("alice");
            let browser = given.house.browser().with_cookie(&cookie);
            assert_eq!(browser.post("/auth/logout", &json!({})).status, 204);
            Some(cookie)
        }
        "bogus session cookie + bearer" => Some("__Host-account_session=bogus".to_owned()),
        _ => None,
    }
}

/// The second step with our ticket, code and recovery code where the recorded ones were right, and with others where
/// they were not.
fn second_factor(name: &str, recorded: &str, given: &Recreated) -> String {
    let mut body: Value = serde_json::from_str(recorded).unwrap();
    if matches!(name, "checkpoint without login step" | "checkpoint while logged in") {
        return recorded.to_owned();
    }
    let (house, carol) = (&given.house, given.person("carol"));
    let (secret, codes) = given.enable_two_factor("carol");
    house.later(600);
    let ticket = || {
        let answer = house.browser().login("carol", &password_of("carol"));
        answer.json()["data"]["confirmation_token"].clone()
    };
    let first = ticket();
    if !matches!(name, "wrong token" | "int token") {
        body["confirmation_token"] = first.clone();
    }
    for (recorded, steps) in [("925719", 0), ("551121", -5), ("637569", 4), ("142765", -6)] {
        if body["authentication_code"] == recorded {
            body["authentication_code"] = json!(house.code(&secret, steps));
        }
    }
    match name {
        "recovery lower-cased" => {
            let swapped = codes[0].chars().map(|c| {
                if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
            });
            body["recovery_token"] = json!(swapped.collect::<String>());
        }
        "recovery reused" => {
            let used = json!({"confirmation_token": ticket(), "recovery_token": codes[0]});
            assert_eq!(house.browser().post(CHECKPOINT, &used).status, 200);
            body["recovery_token"] = json!(codes[0]);
        }
        "older confirmation token after second login step" => drop(ticket()),
        "checkpoint after 2fa disabled meanwhile" => {
            let off = json!({"password": password_of("carol")});
            assert_eq!(carol.post("/api/client/account/two-factor/disable", &off).status, 204);
        }
        _ => {}
    }
    if let Some(number) = name.strip_prefix("wrong code attempt #") {
        let before: usize = number[..1].parse::<usize>().unwrap() - 1;
        for _ in 0..before {
            assert_eq!(house.browser().post(CHECKPOINT, &body).status, 400);
        }
    }
    body.to_string()
}

/// What a mail brought for the address of the recorded request, where its token was right.
fn reset(recorded: &str, given: &Recreated) -> String {
    let mut body: Value = serde_json::from_str(recorded).unwrap();
    let wrong = body["token"].as_str().is_none_or(|token| token.starts_with("0000"));
    if wrong {
        return recorded.to_owned();
    }
    if body["email"] == "carol@example.com" {
        given.enable_two_factor("carol");
    }
    let known = body["email"].as_str().filter(|email| !email.starts_with("nobody"));
    body["token"] = json!(mailed_token(given, known.unwrap_or("dave@example.com")));
    body.to_string()
}

fn mailed_token(given: &Recreated, email: &str) -> String {
    given.house.mails();
    assert_eq!(given.house.browser().post("/auth/password", &json!({"email": email})).status, 200);
    let mail = given.house.mails().pop().expect("a mail");
    let after = mail.text.split(&format!("{ORIGIN}{RESET}/")).nth(1).expect("a link").to_owned();
    after.chars().take_while(|c| *c != '?').collect()
}

/// Asked after as many others as it was on the panel.
fn reset_request(name: &str, recorded: &str, given: &Recreated) -> String {
    let before = match name {
        "forgot third (throttle 2/min)" => 2,
        "forgot again within 60s (token throttle)" => 1,
        _ => 0,
    };
    for _ in 0..before {
        let body: Value = serde_json::from_str(recorded).unwrap();
        assert_eq!(given.house.browser().post("/auth/password", &body).status, 200);
    }
    recorded.to_owned()
}

fn after_a_reset(recorded: &str, given: &Recreated) -> String {
    session_of_the_reset(given);
    recorded.to_owned()
}

fn session_of_the_reset(given: &Recreated) -> String {
    let body = json!({"token": mailed_token(given, "dave@example.com"), "email": "dave@example.com",
        "password": "DaveNew123!", "password_confirmation": "DaveNew123!"});
    let browser = given.house.browser();
    assert_eq!(browser.post(RESET, &body).status, 200);
    browser.cookie().unwrap()
}
