//! The second factor: set up, on, off, and its recovery codes (contract 4 and 9.2).

use account_axum::TwoFactorImage;
use account_core::mail::{MessageKind, Notice};
use serde_json::{Value, json};

use crate::house::{House, PASSWORD};
use crate::raw_client::Answer;
use crate::store_kind::{Kind, on_every_store};

const PATH: &str = "/api/client/account/two-factor";
const DISABLE: &str = "/api/client/account/two-factor/disable";
const TOKENS: &str = "/api/client/account/two-factor/recovery-tokens";

fn body(code: &str) -> Value {
    json!({"code": code, "password": PASSWORD})
}

fn assert_refused(answer: &Answer, code: &str, detail: &str) {
    assert_eq!(answer.status, 400, "{answer:?}");
    assert_eq!(answer.error(), (code.to_owned(), detail.to_owned()));
}

const WRONG_PASSWORD: (&str, &str) = ("BadRequestHttpException", "The password provided was not valid.");
const WRONG_CODE: (&str, &str) =
    ("TwoFactorAuthenticationTokenInvalid", "The provided two-factor authentication token was not valid.");
const ON_ALREADY: (&str, &str) =
    ("BadRequestHttpException", "Two-factor authentication is already enabled on this account.");

fn setting_up_shows_a_qr_code_that_is_the_uri_f_30_encoded_once(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.issuer = "My Panel".to_owned());
    let alice = house.person("alice");
    let answer = alice.get(PATH);
    assert_eq!((answer.status, answer.header("cache-control")), (200, Some("no-store")));
    let data = answer.json()["data"].clone();
    let secret = data["secret"].as_str().unwrap();
    assert!(
        secret.len() == 32 && secret.bytes().all(|b| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".contains(&b)),
        "{secret}"
    );
    let uri = format!("otpauth://totp/MyPanel:alice%40example.com?secret={secret}&issuer=MyPanel");
    assert_eq!(data["otpauth_uri"], uri);
    let image = data["image_url_data"].as_str().unwrap().strip_prefix("data:image/png;base64,").unwrap();
    let png = data_encoding::BASE64.decode(image.as_bytes()).unwrap();
    assert!(png.starts_with(b"\x89PNG"));
    assert_eq!(read_qr(&png), uri);
}

/// The text of a QR code in a PNG of one channel.
fn read_qr(png: &[u8]) -> String {
    let mut decoder = png::Decoder::new(std::io::Cursor::new(png));
    decoder.set_transformations(png::Transformations::normalize_to_color8());
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let (width, height) = (info.width as usize, info.height as usize);
    let channels = pixels.len() / (width * height);
    let mut image =
        rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[(y * width + x) * channels]);
    image.detect_grids()[0].decode().unwrap().1
}

fn the_image_may_be_the_uri_for_clients_that_draw_themselves(kind: Kind) {
    let house = House::with(kind, |plan| plan.options.two_factor_image = TwoFactorImage::OtpauthUri);
    let data = house.person("alice").get(PATH).json()["data"].clone();
    assert_eq!(data["image_url_data"], data["otpauth_uri"]);
    assert!(data["image_url_data"].as_str().unwrap().starts_with("otpauth://totp/"));
}

fn a_right_code_turns_it_on_and_answers_ten_codes(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let browser = house.signed_in(&alice.account);
    house.mails();
    let secret = alice.set_up();
    let answer =
        alice.post(PATH, &json!({"code": format!(" {} ", house.code(&secret, 0)), "password": PASSWORD}));
    assert_eq!(answer.status, 200, "{answer:?}");
    let shown = answer.json();
    assert_eq!(shown["object"], "recovery_tokens");
    let tokens = shown["attributes"]["tokens"].as_array().unwrap();
    assert_eq!(tokens.len(), 10);
    assert!(tokens.iter().all(|token| {
        let token = token.as_str().unwrap();
        token.len() == 10 && token.bytes().all(|b| b.is_ascii_alphanumeric())
    }));
    assert!(browser.is_in(), "sessions and keys stay");
    assert_eq!(alice.events()[0], "user:two-factor.create");
    let notice = MessageKind::Notice(Notice::TwoFactorEnabled);
    assert_eq!(house.mails().iter().map(|mail| mail.kind).collect::<Vec<_>>(), [notice]);
}

fn fields_then_password_then_code(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    let secret = alice.set_up();
    let right = house.code(&secret, 0);
    let rules = |body: Value| -> Vec<(String, String)> {
        let answer = alice.post(PATH, &body);
        assert_eq!(answer.status, 422, "{answer:?}");
        let errors = answer.json()["errors"].as_array().unwrap().clone();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        errors.iter().map(|e| (text(&e["meta"]["source_field"]), text(&e["meta"]["rule"]))).collect()
    };
    let pair = |field: &str, rule: &str| (field.to_owned(), rule.to_owned());
    assert_eq!(rules(json!({})), [pair("code", "required"), pair("password", "required")]);
    assert_eq!(rules(json!({"code": "12345", "password": "wrong"})), [pair("code", "size")]);
    assert_eq!(rules(json!({"code": "1234567", "password": PASSWORD})), [pair("code", "size")]);
    assert_eq!(rules(json!({"code": 123456, "password": PASSWORD})), [pair("code", "string")]);
    assert_eq!(rules(json!({"code": "      ", "password": PASSWORD})), [pair("code", "required")]);
    assert_eq!(rules(json!({"code": right, "password": ["x"]})), [pair("password", "string")]);
    let (code, detail) = WRONG_PASSWORD;
    assert_refused(&alice.post(PATH, &json!({"code": right, "password": "wrong"})), code, detail);
    assert_refused(&alice.post(PATH, &json!({"code": "000000", "password": "wrong"})), code, detail);
    let (code, detail) = WRONG_CODE;
    for wrong in ["abcdef", "00000\u{661}", &house.code(&secret, 2), &house.code(&secret, -2)] {
        assert_refused(&alice.post(PATH, &body(wrong)), code, detail);
    }
    assert_eq!(alice.post(PATH, &body(&right)).status, 200);
}

fn f_16_without_a_pending_secret_every_code_is_wrong(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (code, detail) = WRONG_CODE;
    assert_refused(&alice.post(PATH, &body("123456")), code, detail);
    let secret = alice.set_up();
    house.later(15 * 60);
    assert_refused(&alice.post(PATH, &body(&house.code(&secret, 0))), code, detail);
}

fn a_set_up_waits_fifteen_minutes_and_takes_the_steps_beside_the_present_one(kind: Kind) {
    let house = House::new(kind);
    for (name, steps) in [("alice", -1), ("bob", 0), ("carol", 1)] {
        let person = house.person(name);
        let secret = person.set_up();
        house.later(15 * 60 - 1);
        let answer = person.post(PATH, &body(&house.code(&secret, steps)));
        assert_eq!(answer.status, 200, "{steps}: {answer:?}");
    }
}

fn f_18_turning_it_off_forgets_what_was_only_being_set_up(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let secret = alice.set_up();
    assert_eq!(alice.post(DISABLE, &json!({"password": PASSWORD})).status, 204);
    let (code, detail) = WRONG_CODE;
    assert_refused(&alice.post(PATH, &body(&house.code(&secret, 0))), code, detail);
    assert_eq!(house.browser().login("alice", PASSWORD).json()["data"]["complete"], true);
}

fn sec_21_each_set_up_is_fresh_and_the_newest_alone_counts(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (first, second) = (alice.set_up(), alice.set_up());
    assert_ne!(*first.to_base32(), *second.to_base32());
    let (code, detail) = WRONG_CODE;
    assert_refused(&alice.post(PATH, &body(&house.code(&first, 0))), code, detail);
    assert_eq!(alice.post(PATH, &body(&house.code(&second, 0))).status, 200);
}

fn f_17_and_f_29_while_it_is_on_nothing_replaces_secret_or_codes(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let (secret, codes) = alice.enable_two_factor();
    let (code, detail) = ON_ALREADY;
    assert_refused(&alice.get(PATH), code, detail);
    house.later(60);
    for tried in [house.code(&secret, 0), "000000".to_owned()] {
        assert_refused(&alice.post(PATH, &body(&tried)), code, detail);
    }
    assert_eq!(house.signed_in_with(&alice.account, &json!({"recovery_token": codes[0]})).0.status, 200);
    house.later(30);
    let by_code = json!({"authentication_code": house.code(&secret, 0)});
    assert_eq!(house.signed_in_with(&alice.account, &by_code).0.status, 200);
}

fn f_18_turning_it_off_erases_all_there_was_and_off_already_is_no_error(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    assert_eq!(alice.post(DISABLE, &json!({"password": PASSWORD})).status, 204);
    assert!(!alice.events().contains(&"user:two-factor.delete".to_owned()), "only a change is recorded");
    let (secret, _) = alice.enable_two_factor();
    house.mails();
    assert_eq!(alice.post(DISABLE, &json!({"password": PASSWORD})).status, 204);
    assert_eq!(alice.events()[0], "user:two-factor.delete");
    let notice = MessageKind::Notice(Notice::TwoFactorDisabled);
    assert_eq!(house.mails().iter().map(|mail| mail.kind).collect::<Vec<_>>(), [notice]);
    house.later(60);
    let (code, detail) = WRONG_CODE;
    assert_refused(&alice.post(PATH, &body(&house.code(&secret, 0))), code, detail);
    assert_eq!(house.browser().login("alice", PASSWORD).json()["data"]["complete"], true);
}

fn turning_it_off_needs_the_password_and_nothing_else(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    alice.enable_two_factor();
    let (code, detail) = WRONG_PASSWORD;
    for wrong in
        [json!({}), json!({"password": "wrong"}), json!({"password": ["x"]}), json!({"password": null})]
    {
        assert_refused(&alice.post(DISABLE, &wrong), code, detail);
    }
    let answer = house.send(&alice.ask("DELETE", PATH));
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, HEAD, POST")), "F-36: no DELETE");
    assert_eq!(alice.post(DISABLE, &json!({"password": PASSWORD})).status, 204);
}

fn sec_22_twenty_that_turn_it_on_at_once_are_one(kind: Kind) {
    let house = House::with(kind, |plan| plan.policy.throttled = false);
    let alice = house.person("alice");
    let secret = alice.set_up();
    let ask = alice.ask("POST", PATH).json(&body(&house.code(&secret, 0)));
    let address = house.served.address;
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let racing: Vec<_> = (0..20).map(|_| scope.spawn(|| ask.send(address).status)).collect();
        racing.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 400).count(), 19, "{statuses:?}");
}

fn recovery_codes_are_counted_and_replaced(kind: Kind) {
    let house = House::new(kind);
    let alice = house.person("alice");
    let remaining = || alice.get(TOKENS).json()["attributes"]["remaining"].clone();
    assert_eq!(
        alice.get(TOKENS).json(),
        json!({"object": "recovery_tokens", "attributes": {"remaining": 0}})
    );
    let off = alice.post(TOKENS, &json!({"password": PASSWORD}));
    assert_refused(
        &off,
        "BadRequestHttpException",
        "Two-factor authentication is not enabled on this account.",
    );
    let (_, old) = alice.enable_two_factor();
    assert_eq!(remaining(), 10);
    assert_eq!(house.signed_in_with(&alice.account, &json!({"recovery_token": old[0]})).0.status, 200);
    assert_eq!(remaining(), 9);
    let (code, detail) = WRONG_PASSWORD;
    assert_refused(&alice.post(TOKENS, &json!({"password": "wrong"})), code, detail);
    let answer = alice.post(TOKENS, &json!({"password": PASSWORD})).json();
    let new: Vec<String> = serde_json::from_value(answer["attributes"]["tokens"].clone()).unwrap();
    assert_eq!((new.len(), remaining()), (10, json!(10)));
    assert_eq!(alice.events()[0], "user:two-factor.recovery-tokens");
    assert_eq!(house.signed_in_with(&alice.account, &json!({"recovery_token": old[1]})).0.status, 400);
    assert_eq!(house.signed_in_with(&alice.account, &json!({"recovery_token": new[1]})).0.status, 200);
}

on_every_store!(
    a_set_up_waits_fifteen_minutes_and_takes_the_steps_beside_the_present_one,
    f_18_turning_it_off_forgets_what_was_only_being_set_up,
    setting_up_shows_a_qr_code_that_is_the_uri_f_30_encoded_once,
    the_image_may_be_the_uri_for_clients_that_draw_themselves,
    a_right_code_turns_it_on_and_answers_ten_codes,
    fields_then_password_then_code,
    f_16_without_a_pending_secret_every_code_is_wrong,
    sec_21_each_set_up_is_fresh_and_the_newest_alone_counts,
    f_17_and_f_29_while_it_is_on_nothing_replaces_secret_or_codes,
    f_18_turning_it_off_erases_all_there_was_and_off_already_is_no_error,
    turning_it_off_needs_the_password_and_nothing_else,
    sec_22_twenty_that_turn_it_on_at_once_are_one,
    recovery_codes_are_counted_and_replaced,
);
