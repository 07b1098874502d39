//! The second step of a sign-in (contract 8.3, SEC-23 to SEC-27).

use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::raw_client::{Answer, Ask};
use crate::store_kind::{Kind, on_every_store};

const CHECKPOINT: &str = "/auth/login/checkpoint";
const EXPIRED: &str = "The authentication token provided has expired, please refresh the page and try again.";
const WRONG_CODE: &str = "The two-factor authentication token was invalid.";
const WRONG_RECOVERY: &str = "The recovery token provided is not valid.";

fn assert_display(answer: &Answer, detail: &str) {
    assert_eq!(answer.error(), ("DisplayException".into(), detail.into()));
    assert_eq!((answer.status, answer.header("set-cookie")), (400, None));
}

fn f_12_the_password_step_gives_a_token_that_opens_nothing(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    alice.enable_two_factor();
    let browser = house.browser();
    assert_eq!(browser.login("alice", "wrong").json()["errors"][0]["code"], "DisplayException");
    let answer = browser.login("alice", PASSWORD);
    assert_eq!((answer.status, answer.header("set-cookie")), (200, None));
    let data = answer.json()["data"].clone();
    let token = data["confirmation_token"].as_str().unwrap();
    assert_eq!(data, json!({"complete": false, "confirmation_token": token}));
    assert!(token.len() == 64 && token.bytes().all(|b| b.is_ascii_alphanumeric()));
    assert_eq!(house.send(&Ask::new("GET", "/api/client/account").bearer(token)).status, 401, "SEC-24");
    assert!(!house.browser().with_cookie(&format!("__Host-account_session={token}")).is_in());
    assert_eq!(alice.events()[0], "auth:checkpoint");
}

fn a_right_code_completes_it_with_leading_zeros_also_as_a_number(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, _) = alice.enable_two_factor();
    let step = (1..5_000).find(|step| house.code(&secret, *step).starts_with('0')).unwrap();
    house.later(u64::try_from(step).unwrap() * 30);
    let code: u32 = house.code(&secret, 0).parse().unwrap();
    let (answer, browser) = house.signed_in_with(&alice.account, &json!({"authentication_code": code}));
    assert_eq!((answer.status, &answer.json()["data"]["complete"]), (200, &json!(true)), "{answer:?}");
    assert!(browser.is_in());
    house.later(30);
    let code = format!(" {} ", house.code(&secret, 0));
    assert_eq!(house.signed_in_with(&alice.account, &json!({"authentication_code": code})).0.status, 200);
    let events = alice.events();
    assert_eq!(events[..2], ["auth:success", "auth:token"], "F-35");
}

fn sec_23_and_f_1_a_step_is_accepted_once_and_only_upwards(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, _) = alice.enable_two_factor();
    let try_code = |steps: i64| {
        let factor = json!({"authentication_code": house.code(&secret, steps)});
        house.signed_in_with(&alice.account, &factor).0
    };
    assert_display(&try_code(0), WRONG_CODE);
    assert_eq!(try_code(1).status, 200, "the window is one step to either side");
    assert_display(&try_code(1), WRONG_CODE);
    assert_display(&try_code(0), WRONG_CODE);
    house.later(60);
    assert_display(&try_code(-1), WRONG_CODE);
    assert_eq!(try_code(0).status, 200);
}

fn sec_23_one_code_and_twenty_tickets_at_once_are_one_sign_in(kind: Kind) {
    race_for_one_sign_in(kind, |house, secret, _| json!({"authentication_code": house.code(secret, 1)}));
}

fn sec_27_and_f_2_one_recovery_code_and_twenty_tickets_at_once_are_one_sign_in(kind: Kind) {
    race_for_one_sign_in(kind, |_, _, codes| json!({"recovery_token": codes[0]}));
}

fn race_for_one_sign_in(
    kind: Kind,
    factor: impl Fn(&House, &account_core::two_factor::TotpSecret, &[String]) -> Value,
) {
    let house = House::with(kind, |plan| {
        plan.policy.throttled = false;
        plan.policy.limits.pending_sign_ins = 20;
    });
    let alice = house.person("alice");
    let (secret, codes) = alice.enable_two_factor();
    let asks: Vec<Ask> = (0..20)
        .map(|_| {
            let mut body = factor(&house, &secret, &codes);
            body["confirmation_token"] = house.browser().confirmation_token(&alice.account);
            Ask::new("POST", CHECKPOINT).json(&body)
        })
        .collect();
    let address = house.served.address;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racing: Vec<_> = asks.iter().map(|ask| scope.spawn(move || ask.send(address).status)).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 19, "{statuses:?}");
    let sessions = alice.get("/api/client/account/sessions").json();
    assert_eq!(sessions["data"].as_array().unwrap().len(), 1);
}

fn a_recovery_code_is_spent_once_wins_over_a_code_and_the_owner_is_told(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (_, codes) = alice.enable_two_factor();
    house.mails();
    let factor = json!({"recovery_token": format!(" {} ", codes[3]), "authentication_code": "000000"});
    assert_eq!(house.signed_in_with(&alice.account, &factor).0.status, 200);
    assert_eq!(alice.events()[..2], ["auth:success", "auth:recovery-token"]);
    assert_eq!(house.mails().len(), 1);
    assert_display(&house.signed_in_with(&alice.account, &factor).0, WRONG_RECOVERY);
}

fn a_recovery_code_counts_in_its_own_case_and_a_wrong_one_wins_over_a_right_code(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    let (secret, codes) = alice.enable_two_factor();
    house.later(60);
    let right = json!(house.code(&secret, 0));
    let swapped: String = codes[4]
        .chars()
        .map(|c| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
        .collect();
    assert_ne!(swapped, codes[4]);
    for wrong in [swapped, "AAAAAAAAAA".to_owned(), format!("{}x", codes[4]), codes[4][..9].to_owned()] {
        for factor in
            [json!({"recovery_token": wrong}), json!({"recovery_token": wrong, "authentication_code": right})]
        {
            assert_display(&house.signed_in_with(&alice.account, &factor).0, WRONG_RECOVERY);
        }
    }
    let by_recovery = json!({"recovery_token": codes[4]});
    assert_eq!(house.signed_in_with(&alice.account, &by_recovery).0.status, 200, "none of them spent it");
    let by_code = json!({"authentication_code": right});
    assert_eq!(house.signed_in_with(&alice.account, &by_code).0.status, 200, "nor the step");
}

fn the_window_is_as_many_steps_to_either_side_as_policy_says(kind: Kind) {
    for window in 0..=4 {
        let house = House::with(kind, |plan| {
            plan.policy.throttled = false;
            plan.policy.totp_window = window;
        });
        let alice = house.person("alice");
        let (secret, _) = alice.enable_two_factor();
        house.later(600);
        let window = i64::from(window);
        for (steps, expected) in [
            (-window - 1, 400),
            (window + 1, 400),
            (-window, 200),
            (window, if window == 0 { 400 } else { 200 }),
        ] {
            let code = json!({"authentication_code": house.code(&secret, steps)});
            let answer = house.signed_in_with(&alice.account, &code).0;
            assert_eq!(answer.status, expected, "step {steps} in a window of {window}: {answer:?}");
        }
    }
}

fn a_sign_in_that_completes_here_replaces_the_session_that_the_browser_had(kind: Kind) {
    let house = House::new(kind);
    let (alice, bob) = (house.person("alice"), house.account("bob"));
    let (_, codes) = alice.enable_two_factor();
    let browser = house.signed_in(&bob);
    let old = browser.cookie().unwrap();
    let token = browser.confirmation_token(&alice.account);
    assert!(browser.is_in(), "half a sign-in ends nothing");
    let body = json!({"confirmation_token": token, "recovery_token": codes[0]});
    assert_eq!(browser.post(CHECKPOINT, &body).status, 200);
    assert_eq!(browser.get("/api/client/account").json()["attributes"]["username"], "alice");
    assert!(!browser.with_cookie(&old).is_in());
}

fn a_ticket_is_good_to_the_last_second_of_five_minutes(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (_, codes) = alice.enable_two_factor();
    let browser = house.browser();
    let token = browser.confirmation_token(&alice.account);
    house.later(5 * 60 - 1);
    let body = json!({"confirmation_token": token, "recovery_token": codes[0]});
    assert_eq!(browser.post(CHECKPOINT, &body).status, 200);
}

fn f_15_and_f_7_without_a_record_there_is_nothing_to_confirm(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, _) = alice.enable_two_factor();
    for token in ["short".to_owned(), "A".repeat(64), alice.token.clone()] {
        let body = json!({"confirmation_token": token, "authentication_code": house.code(&secret, 1)});
        assert_display(&house.browser().post(CHECKPOINT, &body), EXPIRED);
    }
    for (body, expected) in [
        (
            json!({}),
            &["confirmation_token required", "authentication_code required", "recovery_token required"][..],
        ),
        (
            json!({"confirmation_token": ["x"], "authentication_code": "x"}),
            &["confirmation_token string", "authentication_code numeric"],
        ),
        (
            json!({"confirmation_token": "x", "recovery_token": ""}),
            &["authentication_code required", "recovery_token required"],
        ),
        (json!({"confirmation_token": "x", "recovery_token": {}}), &["recovery_token string"]),
    ] {
        let answer = house.browser().post(CHECKPOINT, &body);
        assert_eq!(answer.status, 422, "{answer:?}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let named: Vec<_> = errors
            .iter()
            .map(|error| (&error["meta"]["source_field"], &error["meta"]["rule"]))
            .map(|(field, rule)| format!("{} {}", field.as_str().unwrap(), rule.as_str().unwrap()))
            .collect();
        assert_eq!(named, expected);
    }
    let letters = json!({"confirmation_token": "x", "authentication_code": "abcdef"});
    let answer = house.browser().post(CHECKPOINT, &letters);
    assert_eq!(answer.error().1, "The authentication code must be a number.");
}

fn what_is_a_number_and_no_code_is_a_wrong_code(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    alice.enable_two_factor();
    for code in [json!(-5), json!(12.5), json!("1e3")] {
        let factor = json!({"authentication_code": code});
        assert_display(&house.signed_in_with(&alice.account, &factor).0, WRONG_CODE);
    }
}

fn sec_24_a_ticket_dies_of_time_use_and_change(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (_, codes) = alice.enable_two_factor();
    let confirm = |token: &Value, code: &str| {
        house.browser().post(CHECKPOINT, &json!({"confirmation_token": token, "recovery_token": code}))
    };
    let used = house.browser().confirmation_token(&alice.account);
    assert_eq!(confirm(&used, &codes[0]).status, 200);
    assert_display(&confirm(&used, &codes[1]), EXPIRED);
    let old = house.browser().confirmation_token(&alice.account);
    house.later(5 * 60);
    assert_display(&confirm(&old, &codes[1]), EXPIRED);
    let before_change = house.browser().confirmation_token(&alice.account);
    let body = json!({"current_password": PASSWORD, "password": "another horse", "password_confirmation": "another horse"});
    assert_eq!(alice.put("/api/client/account/password", &body).status, 204);
    assert_display(&confirm(&before_change, &codes[1]), EXPIRED);
}

fn sec_24_a_ticket_dies_with_the_account_s_factor_and_sign_in_and_a_sixth_ends_the_first(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (_, codes) = alice.enable_two_factor();
    let confirm = |token: &Value, code: &str| {
        house.browser().post(CHECKPOINT, &json!({"confirmation_token": token, "recovery_token": code}))
    };
    let tickets: Vec<Value> = (0..6).map(|_| house.browser().confirmation_token(&alice.account)).collect();
    assert_display(&confirm(&tickets[0], &codes[0]), EXPIRED);
    assert_eq!(confirm(&tickets[1], &codes[0]).status, 200);
    let id = alice.account.id;
    house.block_on(house.accounts.admin().disable(id)).unwrap();
    assert_display(&confirm(&tickets[2], &codes[1]), EXPIRED);
    house.block_on(house.accounts.admin().enable(id)).unwrap();
    assert_display(&confirm(&tickets[3], &codes[1]), EXPIRED);
    let before = house.browser().confirmation_token(&alice.account);
    let off = json!({"password": PASSWORD});
    assert_eq!(alice.post("/api/client/account/two-factor/disable", &off).status, 204);
    assert_display(&confirm(&before, &codes[1]), EXPIRED);
}

fn sec_29_a_day_forwards_and_back_makes_no_step_good_again(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    let (secret, _) = alice.enable_two_factor();
    house.later(60);
    let code = json!({"authentication_code": house.code(&secret, 0)});
    assert_eq!(house.signed_in_with(&alice.account, &code).0.status, 200);
    house.later(86_400);
    assert_display(&house.signed_in_with(&alice.account, &code).0, WRONG_CODE);
    house.clock.step_back(Duration::from_secs(86_400));
    assert_display(&house.signed_in_with(&alice.account, &code).0, WRONG_CODE);
    house.clock.step_back(Duration::from_secs(86_400));
    let earlier = json!({"authentication_code": house.code(&secret, 0)});
    assert_display(&house.signed_in_with(&alice.account, &earlier).0, WRONG_CODE);
    house.later(86_400 + 30);
    let next = json!({"authentication_code": house.code(&secret, 0)});
    assert_eq!(house.signed_in_with(&alice.account, &next).0.status, 200, "the steps after it are good");
}

fn f_31_five_wrong_codes_end_a_ticket_and_sec_25_ten_an_hour_quarter(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, _) = alice.enable_two_factor();
    house.mails();
    let statuses: Vec<u16> = (0..4)
        .flat_map(|_| {
            house.later(31);
            let token = house.browser().confirmation_token(&alice.account);
            let body = json!({"confirmation_token": token, "authentication_code": house.code(&secret, 9)});
            let tried: Vec<Answer> = (0..6).map(|_| house.browser().post(CHECKPOINT, &body)).collect();
            tried.into_iter().map(|answer| {
                let expired = answer.status == 400 && answer.error().1 == EXPIRED;
                if expired { 410 } else { answer.status }
            })
        })
        .collect();
    assert_eq!(statuses[..6], [400, 400, 400, 400, 400, 410]);
    assert_eq!(statuses[6..12], [400, 400, 400, 400, 400, 410]);
    assert!(statuses[12..].iter().all(|status| *status == 429), "{statuses:?}");
    assert!(!house.mails().is_empty(), "the owner is told: whoever guesses has the password");
    let token = house.browser().confirmation_token(&alice.account);
    let body = json!({"confirmation_token": token, "authentication_code": house.code(&secret, 0)});
    let locked = house.browser().post(CHECKPOINT, &body);
    let wait = locked.header("retry-after").unwrap();
    let detail = format!("Too many login attempts. Please try again in {wait} seconds.");
    assert_eq!((locked.status, locked.error()), (429, ("ValidationException".into(), detail)));
    assert_eq!(locked.json()["errors"][0]["meta"], json!({"source_field": "user", "rule": ""}));
}

on_every_store!(
    a_recovery_code_counts_in_its_own_case_and_a_wrong_one_wins_over_a_right_code,
    the_window_is_as_many_steps_to_either_side_as_policy_says,
    a_sign_in_that_completes_here_replaces_the_session_that_the_browser_had,
    a_ticket_is_good_to_the_last_second_of_five_minutes,
    f_12_the_password_step_gives_a_token_that_opens_nothing,
    a_right_code_completes_it_with_leading_zeros_also_as_a_number,
    sec_23_and_f_1_a_step_is_accepted_once_and_only_upwards,
    sec_23_one_code_and_twenty_tickets_at_once_are_one_sign_in,
    sec_27_and_f_2_one_recovery_code_and_twenty_tickets_at_once_are_one_sign_in,
    a_recovery_code_is_spent_once_wins_over_a_code_and_the_owner_is_told,
    f_15_and_f_7_without_a_record_there_is_nothing_to_confirm,
    what_is_a_number_and_no_code_is_a_wrong_code,
    sec_24_a_ticket_dies_of_time_use_and_change,
    sec_24_a_ticket_dies_with_the_account_s_factor_and_sign_in_and_a_sixth_ends_the_first,
    sec_29_a_day_forwards_and_back_makes_no_step_good_again,
    f_31_five_wrong_codes_end_a_ticket_and_sec_25_ten_an_hour_quarter,
);
